//! How fast: the README's figure and its table, from what the bench measured.
//!
//! The bench writes JSON (`--json FILE`): for each workload its category and, for each side (`native`, `qemu aarch64`,
//! `transom aarch64`…), the median of its CPU time in seconds, or an error. A category is told by the geometric mean of the
//! workloads' ratios.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

/// Guests: what the bench calls them, and what people do.
const GUESTS: [(&str, &str); 2] = [("aarch64", "AArch64"), ("riscv64", "RISC-V")];
/// Who is compared with native runs, and the bars' colours.
const SIDES: [(&str, &str); 2] = [("qemu", "#b0a89c"), ("transom", "#2a78b8")];

/// Reads the bench's files, writes `docs/speed.svg` and prints the table.
pub fn draw(repository: &Path, files: &[&str]) -> Result<(), String> {
    let mut workloads = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        let json: Value = serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
        let results = json["results"].as_array().ok_or_else(|| format!("{file} has no results of the bench"))?;
        workloads.extend(results.iter().cloned());
    }
    let rows = categories(&workloads);
    let path = repository.join("docs/speed.svg");
    std::fs::write(&path, svg(&rows)).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}", table(&rows));
    Ok(())
}

/// A category: for each guest and side the geometric mean of times native.
struct Row {
    name: String,
    workloads: usize,
    slower: [[Option<f64>; 2]; 2],
}

/// The categories in the bench's order.
fn categories(workloads: &[Value]) -> Vec<Row> {
    let mut names: Vec<&str> = workloads.iter().filter_map(|workload| workload["category"].as_str()).collect();
    names.dedup();
    let row = |name: &&str| {
        let of: Vec<&Value> = workloads.iter().filter(|workload| workload["category"] == *name).collect();
        let slower = GUESTS.map(|(guest, _)| SIDES.map(|(side, _)| mean(&of, &format!("{side} {guest}"))));
        Row { name: (*name).to_owned(), workloads: of.len(), slower }
    };
    names.iter().map(row).collect()
}

/// The geometric mean of a side's times native. A workload that failed on a side counts for nobody: `None`.
fn mean(workloads: &[&Value], side: &str) -> Option<f64> {
    let median = |workload: &Value, side: &str| workload["sides"][side]["median"].as_f64();
    let logs = workloads.iter().map(|workload| Some((median(workload, side)? / median(workload, "native")?).ln()));
    let logs: Vec<f64> = logs.collect::<Option<_>>()?;
    Some((logs.iter().sum::<f64>() / logs.len() as f64).exp())
}

/// Times faster than qemu and times native, in Markdown.
fn table(rows: &[Row]) -> String {
    let mut text = String::from("| category | AArch64: faster than qemu / times native | RISC-V |\n|---|---|---|\n");
    for Row { name, workloads, slower } in rows {
        let cell = |[qemu, transom]: [Option<f64>; 2]| match (qemu, transom) {
            (Some(qemu), Some(transom)) => format!("{:.1} / {transom:.1}", qemu / transom),
            _ => "a failure".to_owned(),
        };
        let _ = writeln!(text, "| {name} ({workloads}) | {} | {} |", cell(slower[0]), cell(slower[1]));
    }
    text
}

const PANEL: f64 = 400.0;
const LABELS: f64 = 80.0;
const LINE: f64 = 40.0;
const BAR: f64 = 14.0;
const TOP: f64 = 60.0;
/// What the axis ends at, in times native; it begins at 1.
const MOST: f64 = 64.0;

/// Where a ratio lies on the logarithmic axis, in a panel.
fn along(times: f64) -> f64 {
    times.clamp(1.0, MOST).ln() / MOST.ln() * (PANEL - 60.0)
}

fn svg(rows: &[Row]) -> String {
    let (width, height) = (LABELS + 2.0 * PANEL, TOP + rows.len() as f64 * LINE + 30.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#777\">\n"
    );
    let _ = writeln!(out, "<text x=\"0\" y=\"16\">CPU time, times native (shorter is better, logarithmic)</text>");
    for (n, (side, colour)) in SIDES.iter().enumerate() {
        let x = width - 180.0 + n as f64 * 90.0;
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"6\" width=\"12\" height=\"12\" fill=\"{colour}\"/>");
        let _ = writeln!(out, "<text x=\"{}\" y=\"16\">{side}</text>", x + 18.0);
    }
    for (line, row) in rows.iter().enumerate() {
        let y = TOP + line as f64 * LINE;
        let _ = writeln!(out, "<text x=\"0\" y=\"{}\">{}</text>", y + BAR + 4.0, row.name);
    }
    for (n, (_, guest)) in GUESTS.iter().enumerate() {
        panel(&mut out, LABELS + n as f64 * PANEL, guest, rows.iter().map(|row| row.slower[n]));
    }
    out.push_str("</svg>\n");
    out
}

fn panel(out: &mut String, left: f64, guest: &str, rows: impl ExactSizeIterator<Item = [Option<f64>; 2]>) {
    let bottom = TOP + rows.len() as f64 * LINE;
    let _ = writeln!(out, "<text x=\"{left}\" y=\"{}\" font-weight=\"bold\">{guest}</text>", TOP - 16.0);
    for times in [1, 2, 4, 8, 16, 32, 64] {
        let x = left + along(times.into());
        let _ =
            writeln!(out, "<path d=\"M{x:.1} {:.0}V{bottom}\" stroke=\"#777\" stroke-opacity=\"0.25\"/>", TOP - 8.0);
        let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{times}</text>", bottom + 16.0);
    }
    for (line, sides) in rows.enumerate() {
        for (n, times) in sides.into_iter().enumerate() {
            let Some(times) = times else { continue };
            let (y, length) = (TOP + line as f64 * LINE + n as f64 * (BAR + 2.0), along(times));
            let colour = SIDES[n].1;
            let _ = writeln!(
                out,
                "<rect x=\"{left}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>"
            );
            let _ = writeln!(out, "<text x=\"{:.1}\" y=\"{}\">{times:.1}</text>", left + length + 4.0, y + BAR - 3.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn workload(category: &str, native: f64, qemu: f64, transom: f64) -> Value {
        let sides = json!({ "native": { "median": native }, "qemu aarch64": { "median": qemu },
                            "transom aarch64": { "median": transom }, "transom riscv64": { "error": "died" } });
        json!({ "name": "x", "category": category, "sides": sides })
    }

    #[test]
    fn tells_geometric_means_and_failures() {
        let rows = categories(&[workload("a", 1.0, 10.0, 2.0), workload("a", 2.0, 80.0, 16.0)]);
        assert_eq!((rows.len(), rows[0].workloads), (1, 2));
        assert!(table(&rows).contains("| a (2) | 5.0 / 4.0 | a failure |"), "{}", table(&rows));
    }
}
