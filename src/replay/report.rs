//! Counting: per topic, how many cases came out as recorded.

use crate::error::Error;
use indexmap::IndexMap;
use serde_json::Value;

/// How an answer compares with the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Equal in everything.
    AsRecorded,
    /// The first difference, in words.
    Differs(String),
    /// The lab can't do this kind of case yet.
    NotSupported,
}

/// What the lab did in one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The case's name.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// The answer in the corpus's own shape; null where the topic isn't supported.
    pub value: Value,
    /// Compared with the recording.
    pub verdict: Verdict,
}

impl Answer {
    /// The answer to a case of a topic that can't be replayed.
    pub fn unsupported(case: &Value) -> Answer {
        let text = |key: &str| case.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
        Answer {
            name: text("name"),
            topic: text("topic"),
            value: Value::Null,
            verdict: Verdict::NotSupported,
        }
    }
}

/// A case that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The case's name.
    pub name: String,
    /// The first difference, in words.
    pub difference: String,
}

/// The count of one topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    /// Cases replayed.
    pub cases: usize,
    /// Of these as recorded.
    pub as_recorded: usize,
    /// Cases that can't be replayed.
    pub not_supported: usize,
    /// The others, in order.
    pub failures: Vec<Failure>,
}

/// What came of a replay.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Topics in order of appearance.
    pub topics: IndexMap<String, Topic>,
    /// What could not be read or understood.
    pub errors: Vec<Error>,
    /// Files without cases.
    pub passed_over: usize,
}

impl Report {
    /// Counts one answer.
    pub fn add(&mut self, answer: &Answer) {
        let topic = self.topics.entry(answer.topic.clone()).or_default();
        topic.cases += 1;
        match &answer.verdict {
            Verdict::AsRecorded => topic.as_recorded += 1,
            Verdict::NotSupported => topic.not_supported += 1,
            Verdict::Differs(difference) => {
                topic.failures.push(Failure { name: answer.name.clone(), difference: difference.clone() })
            }
        }
    }

    /// Adds the counts of another part of the same replay.
    pub fn merge(&mut self, part: Report) {
        for (name, topic) in part.topics {
            let sum = self.topics.entry(name).or_default();
            sum.cases += topic.cases;
            sum.as_recorded += topic.as_recorded;
            sum.not_supported += topic.not_supported;
            sum.failures.extend(topic.failures);
        }
        self.errors.extend(part.errors);
        self.passed_over += part.passed_over;
    }

    /// Cases in all topics: (as recorded, replayed).
    pub fn total(&self) -> (usize, usize) {
        self.topics.values().fold((0, 0), |(good, all), topic| (good + topic.as_recorded, all + topic.cases))
    }

    /// 0 when every case came out as recorded, 2 when a file could not be read, else 1.
    pub fn exit(&self) -> i32 {
        let (good, all) = self.total();
        match self.errors.is_empty() {
            false => 2,
            true => i32::from(good != all || all == 0),
        }
    }

    /// The summary for people: a line per topic, the first difference of every failing case below it,
    /// and the total.
    pub fn summary(&self) -> String {
        let width = self.topics.keys().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
        let mut text = String::new();
        for (name, topic) in &self.topics {
            if topic.not_supported == topic.cases {
                text.push_str(&format!("{name:width$}  not supported ({} cases)\n", topic.cases));
                continue;
            }
            let (good, all) = (topic.as_recorded, topic.cases);
            text.push_str(&format!("{name:width$}  {good} of {all} as recorded\n"));
            if topic.not_supported > 0 {
                text.push_str(&format!("  {} not supported\n", topic.not_supported));
            }
            for failure in &topic.failures {
                text.push_str(&format!("  {}\n    {}\n", failure.name, failure.difference));
            }
        }
        let (good, all) = self.total();
        text.push_str(&format!("{:width$}  {good} of {all} as recorded\n", "total"));
        if self.passed_over > 0 {
            text.push_str(&format!("{} files without cases passed over\n", self.passed_over));
        }
        text
    }
}
