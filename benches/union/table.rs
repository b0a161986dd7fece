//! The table at the end: medians of one run side by side.

#[derive(Default)]
pub struct Table {
    rows: Vec<(String, Vec<(String, f64)>)>,
}

impl Table {
    /// Samples in nanoseconds an operation. None: it was filtered out.
    pub fn add(&mut self, what: &str, who: &str, samples: Vec<f64>) {
        if samples.is_empty() {
            return;
        }
        let median = crate::work::median(&samples);
        let at = self.rows.iter().position(|(name, _)| name == what).unwrap_or_else(|| {
            self.rows.push((what.to_owned(), Vec::new()));
            self.rows.len() - 1
        });
        self.rows[at].1.push((who.to_owned(), median));
    }

    pub fn print(&self) {
        println!("\nmedians of this run, µs an operation (a listing: µs an entry)");
        println!(
            "{:34}{:>9}{:>9}{:>9}{:>9}   {:>9}{:>9}{:>9}",
            "", "ours", "events", "kernel", "vfs", "events ÷", "kernel ÷", "vfs ÷"
        );
        for (what, cells) in &self.rows {
            let get = |who: &str| cells.iter().find(|(name, _)| name == who).map(|(_, ns)| *ns);
            let (ours, events) = (get("ours"), get("ours, events kept"));
            let time = |ns: Option<f64>| ns.map_or("-".to_owned(), |ns| format!("{:.3}", ns / 1000.0));
            let ratio = |other: Option<f64>| match (ours, other) {
                (Some(ours), Some(other)) => format!("{:.1}", other / ours),
                _ => "-".to_owned(),
            };
            let (kernel, vfs) = (get("kernel"), get("vfs"));
            println!(
                "{what:34}{:>9}{:>9}{:>9}{:>9}   {:>9}{:>9}{:>9}",
                time(ours),
                time(events),
                time(kernel),
                time(vfs),
                ratio(events),
                ratio(kernel),
                ratio(vfs),
            );
        }
    }

    /// The same rows by storage driver, each beside overlay2.
    pub fn print_drivers(&self) {
        println!("\nby storage driver: µs an operation (a listing: µs an entry), and ÷ overlay2");
        for (what, cells) in &self.rows {
            let base = cells.iter().find(|(name, _)| name == "overlay2").map_or(f64::NAN, |(_, ns)| *ns);
            let cell = |(name, ns): &(String, f64)| format!("{name} {:.3} ({:.1})", ns / 1000.0, ns / base);
            println!("{what:34}{}", cells.iter().map(cell).collect::<Vec<_>>().join("   "));
        }
    }
}
