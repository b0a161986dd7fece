//! The course: its list, tasks, goals and hints.

use super::measure::{clean, clean_line, hang, wrap};
use super::style::{Style, Tone};
use super::{count, table};
use crate::trace::{CourseNews, CourseRow, CourseState, Goal, Proof, SolutionFile, Student};

/// One piece of news.
pub(super) fn draw(news: &CourseNews, style: &Style) -> String {
    match news {
        CourseNews::List { rows, passed } => list(rows, *passed, style),
        CourseNews::Task { exercise, task, folder, files } => {
            self::task((exercise, task), (folder, files), style)
        }
        CourseNews::Judged { exercise, title, goals, passed, why } => {
            judged((exercise, title), goals, (*passed, why), style)
        }
        CourseNews::Hint { exercise, goal, level, of, text } => {
            let head = format!("{}: {}", clean_line(exercise), clean_line(goal));
            let hint = hang(&format!("hint {level} of {of}: "), &clean(text), style.width);
            format!("{}\n{hint}\n", style.paint(Tone::Strong, &head))
        }
        CourseNews::Solution { exercise, files } => solution(exercise, files, style),
        CourseNews::Class { exercises, students } => class(exercises, students, style),
        CourseNews::Tested { exercise, proofs, ok } => tested(exercise, proofs, *ok, style),
    }
}

fn list(rows: &[CourseRow], passed: usize, style: &Style) -> String {
    let mut drawn = String::new();
    for row in rows {
        let (sign, tone) = match row.state {
            CourseState::Passed => ("✓", Tone::Good),
            CourseState::Started => ("…", Tone::Warn),
            CourseState::New => ("·", Tone::Dim),
        };
        let here = if row.current { style.paint(Tone::Accent, "→") } else { " ".to_owned() };
        let mut said = clean_line(&row.title);
        if row.gave_up {
            said.push_str(", solution read");
        }
        drawn.push_str(&format!("{here} {} {:>2}  {said}\n", style.paint(tone, sign), row.number));
    }
    let total = format!("{passed} of {} passed", count(rows.len(), "exercise"));
    drawn.push_str(&format!("{}\n", style.paint(Tone::Strong, &total)));
    drawn
}

fn task(of: (&str, &str), at: (&str, &[String]), style: &Style) -> String {
    let mut drawn = String::new();
    for line in clean(of.1).trim_end().lines() {
        match line.strip_prefix("# ") {
            Some(title) => drawn.push_str(&style.paint(Tone::Strong, title)),
            None => drawn.push_str(line),
        }
        drawn.push('\n');
    }
    let files = at.1.iter().map(|file| clean_line(file)).collect::<Vec<_>>().join("  ");
    drawn.push_str(&hang("\nyour files: ", &clean_line(at.0), style.width));
    drawn.push('\n');
    match at.1.is_empty() {
        true => drawn.push_str("            they are as you left them\n"),
        false => drawn.push_str(&format!("{}\n", hang("            ", &files, style.width))),
    }
    drawn
}

fn judged(of: (&str, &str), goals: &[Goal], end: (bool, &[String]), style: &Style) -> String {
    let head = format!("{}: {}", clean_line(of.0), clean_line(of.1));
    let mut drawn = format!("{}\n", style.paint(Tone::Strong, &head));
    for goal in goals {
        drawn.push_str(&self::goal(goal, style));
    }
    let (passed, why) = end;
    if passed {
        let why: Vec<String> = why.iter().flat_map(|text| wrap(&clean(text), style.width)).collect();
        if !why.is_empty() {
            drawn.push_str(&format!("\n{}\n", why.join("\n")));
        }
        drawn.push_str(&format!("\n{}\n", style.paint(Tone::Good, "✓ passed")));
    }
    drawn
}

fn goal(goal: &Goal, style: &Style) -> String {
    let (tone, sign) = if goal.ok { (Tone::Good, "✓") } else { (Tone::Bad, "✗") };
    let text = hang("  ", &clean_line(&goal.text), style.width);
    let mut drawn = format!("{} {}\n", style.paint(tone, sign), text.trim_start());
    if goal.ok {
        return drawn;
    }
    if goal.diff.is_empty() {
        for (word, value) in [("wanted  ", &goal.wanted), ("is      ", &goal.actual)] {
            drawn.push_str(&format!("{}\n", hang(&format!("    {word}"), &clean(value), style.width)));
        }
        return drawn;
    }
    drawn.push_str(&style.paint(Tone::Dim, "    - wanted, but missing   + there, but not wanted"));
    drawn.push('\n');
    drawn.push_str(&diff(&goal.diff, (Tone::Bad, Tone::Warn), style));
    drawn
}

/// Lines that are the same, at most, between a change and what is left out.
const CONTEXT: usize = 2;

/// Lines that go, or come, one after the other, at most.
const MOST_RUN: usize = 10;

/// Lines of a difference, their first character says which. Far from a change nothing is shown.
fn diff(lines: &[String], tones: (Tone, Tone), style: &Style) -> String {
    let changed = |line: &String| line.starts_with(['-', '+']);
    let near = |at: usize| {
        let from = at.saturating_sub(CONTEXT);
        lines.iter().skip(from).take(at - from + CONTEXT + 1).any(changed)
    };
    let mut drawn = String::new();
    let mut left_out = 0;
    let tell = |left_out: usize| match left_out {
        0 => String::new(),
        1 => "      … 1 more line\n".to_owned(),
        many => format!("      … {many} more lines\n"),
    };
    let (mut sign_before, mut run) = (' ', 0);
    for (at, line) in lines.iter().enumerate() {
        let sign = line.chars().next().unwrap_or(' ');
        run = if sign == sign_before { run + 1 } else { 0 };
        sign_before = sign;
        if !near(at) || run >= MOST_RUN {
            left_out += 1;
            continue;
        }
        drawn.push_str(&tell(std::mem::take(&mut left_out)));
        let tone = match sign {
            '-' => tones.0,
            '+' => tones.1,
            _ => Tone::Plain,
        };
        let (sign, text) = line.split_at_checked(2).unwrap_or((line, ""));
        let first = format!("    {sign}");
        for said in hang(&first, &clean_line(text), style.width).lines() {
            drawn.push_str(style.paint(tone, said.trim_end()).as_str());
            drawn.push('\n');
        }
    }
    drawn.push_str(&tell(left_out));
    drawn
}

fn solution(exercise: &str, files: &[SolutionFile], style: &Style) -> String {
    let head = format!("a solution of {}", clean_line(exercise));
    let mut drawn = format!("{}\n", style.paint(Tone::Strong, &head));
    for file in files {
        drawn.push_str(&format!("{}\n", clean_line(&file.path)));
        drawn.push_str(&diff(&file.diff, (Tone::Bad, Tone::Good), style));
    }
    drawn
}

/// A row a student; an exercise is its number, so that a class fits on a screen.
fn class(exercises: &[String], students: &[Student], style: &Style) -> String {
    let number = |name: &String| name.split('_').next().unwrap_or_default().to_owned();
    let head: Vec<String> =
        ["student".to_owned(), "passed".to_owned()].into_iter().chain(exercises.iter().map(number)).collect();
    let row = |student: &Student| {
        let passed = format!("{} of {}", student.passed, exercises.len());
        let marks = student.marks.iter().map(|mark| match mark.mark.as_str() {
            "passed" => "✓",
            "failed" => "✗",
            "unreadable" => "!",
            _ => "·",
        });
        [student.name.clone(), passed].into_iter().chain(marks.map(str::to_owned)).collect()
    };
    let rows: Vec<Vec<String>> = students.iter().map(row).collect();
    let mut drawn = table::draw("", &head, &rows, style);
    for student in students {
        for (exercise, mark) in exercises.iter().zip(&student.marks).filter(|(_, mark)| !mark.note.is_empty())
        {
            let first = format!("{} {}: ", clean_line(&student.name), clean_line(exercise));
            drawn.push_str(&format!(
                "{}\n",
                hang("  ", &format!("{first}{}", clean_line(&mark.note)), style.width)
            ));
        }
    }
    drawn
}

fn tested(exercise: &str, proofs: &[Proof], ok: bool, style: &Style) -> String {
    let mut drawn = format!("{}\n", style.paint(Tone::Strong, &clean_line(exercise)));
    for proof in proofs {
        let (tone, sign) = if proof.ok { (Tone::Good, "✓") } else { (Tone::Bad, "✗") };
        let said = hang("  ", &clean_line(&proof.what), style.width);
        drawn.push_str(&format!("{} {}\n", style.paint(tone, sign), said.trim_start()));
        if !proof.note.is_empty() {
            drawn.push_str(&format!("{}\n", hang("    ", &clean(&proof.note), style.width)));
        }
    }
    let (tone, word) = if ok { (Tone::Good, "✓ the exercise holds") } else { (Tone::Bad, "✗ not yet") };
    drawn.push_str(&format!("{}\n", style.paint(tone, word)));
    drawn
}
