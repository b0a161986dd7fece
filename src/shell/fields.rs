//! Fields: what a word becomes.

use super::pattern;

/// One field while it grows.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    pub text: String,
    /// The same as a pattern: what was quoted is escaped.
    pub pattern: String,
    /// Unquoted `*`, `?` or `[` in it.
    pub magic: bool,
}

/// Collects expanded text into fields.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub done: Vec<Field>,
    pub open: Option<Field>,
    /// Field separators; none: no splitting (assignments, patterns, redirections).
    separators: Option<String>,
    blank_ended: bool,
    /// Text comes from inside `${x-…}`: it is split as what an expansion gives.
    inside: bool,
}

impl Fields {
    /// Splits at the characters of IFS.
    pub fn splitting(separators: &str) -> Fields {
        Fields { separators: Some(separators.to_owned()), ..Fields::default() }
    }

    /// Makes one field.
    pub fn single() -> Fields {
        Fields::default()
    }

    /// There is a field, even if it stays empty.
    pub fn begin(&mut self) -> &mut Field {
        self.blank_ended = false;
        self.open.get_or_insert_with(Field::default)
    }

    /// Quoted text.
    pub fn quoted(&mut self, text: &str) {
        let field = self.begin();
        field.text.push_str(text);
        pattern::escape(text, &mut field.pattern);
    }

    /// What follows stands inside `${x-…}`, or no more; what was.
    pub fn within(&mut self, inside: bool) -> bool {
        std::mem::replace(&mut self.inside, inside)
    }

    /// Unquoted text of the word itself: split only inside `${x-…}`.
    pub fn literal(&mut self, text: &str) {
        if self.inside {
            self.split(text, Fields::append);
        } else {
            self.append(text);
        }
    }

    fn append(&mut self, text: &str) {
        let field = self.begin();
        field.text.push_str(text);
        field.pattern.push_str(text);
        field.magic |= text.contains(['*', '?', '[', '(']);
    }

    /// The unquoted result of an expansion.
    pub fn expanded(&mut self, text: &str) {
        self.split(text, Fields::result);
    }

    fn split(&mut self, text: &str, add: fn(&mut Fields, &str)) {
        let Some(separators) = self.separators.take() else {
            if !text.is_empty() {
                add(self, text);
            }
            return;
        };
        let mut run = String::new();
        for c in text.chars() {
            if !separators.contains(c) {
                run.push(c);
                continue;
            }
            if !run.is_empty() {
                add(self, &std::mem::take(&mut run));
            }
            if c.is_ascii_whitespace() {
                if let Some(field) = self.open.take() {
                    self.done.push(field);
                    self.blank_ended = true;
                }
            } else if let Some(field) = self.open.take() {
                self.done.push(field);
            } else if self.blank_ended {
                self.blank_ended = false;
            } else {
                self.done.push(Field::default());
            }
        }
        if !run.is_empty() {
            add(self, &run);
        }
        self.separators = Some(separators);
    }

    /// Text from an expansion: a backslash in it is just a character, but patterns work.
    fn result(&mut self, text: &str) {
        let field = self.begin();
        field.text.push_str(text);
        field.magic |= text.contains(['*', '?', '[']);
        if text.contains('\\') {
            field.pattern.push_str(&text.replace('\\', "\\\\"));
        } else {
            field.pattern.push_str(text);
        }
    }

    /// Ends the field: between the values of `$@`.
    pub fn cut(&mut self) {
        if self.separators.is_some() {
            if let Some(field) = self.open.take() {
                self.done.push(field);
            }
        } else {
            self.quoted(" ");
        }
    }

    pub fn finish(mut self) -> Vec<Field> {
        self.done.extend(self.open);
        self.done
    }

    /// The only field.
    pub fn one(self) -> Field {
        self.open.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(separators: &str, text: &str) -> Vec<String> {
        let mut fields = Fields::splitting(separators);
        fields.expanded(text);
        fields.finish().into_iter().map(|f| f.text).collect()
    }

    #[test]
    fn fields_split_at_ifs() {
        assert_eq!(split(" \t\n", "  a  b\n"), ["a", "b"]);
        assert_eq!(split(":", "a::b:"), ["a", "", "b"]);
        assert_eq!(split(" :", "a : b"), ["a", "b"]);
        assert_eq!(split(" :", ":a"), ["", "a"]);
        assert_eq!(split("", "a b"), ["a b"]);
        assert!(split(" ", "  ").is_empty());
    }
}
