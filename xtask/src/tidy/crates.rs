//! Which crate may use which: the borders that the architecture stands on.

use std::path::Path;

use toml::{Table, Value};

use super::Finding;

/// A row of the table of borders.
struct Edges {
    /// The crate's folder; empty for the package `transom` itself.
    folder: &'static str,
    /// Crates of this workspace, by the names of their dependency keys.
    own: &'static [&'static str],
    third_party: &'static [&'static str],
}

/// Every crate of the workspace. Development dependencies are free: tests may look at everything.
const EDGES: &[Edges] = &[
    Edges { folder: "ir", own: &[], third_party: &[] },
    Edges { folder: "memory", own: &[], third_party: &["bitflags", "libc", "nix"] },
    Edges { folder: "codegen", own: &["ir"], third_party: &["dynasm", "dynasmrt"] },
    Edges { folder: "targets/common", own: &["ir", "memory"], third_party: &[] },
    Edges {
        folder: "targets/aarch64",
        own: &["ir", "memory", "target"],
        third_party: &["yaxpeax-arch", "yaxpeax-arm"],
    },
    Edges { folder: "targets/riscv64", own: &["ir", "memory", "target"], third_party: &[] },
    Edges { folder: "syscalls", own: &["memory"], third_party: &["bitflags", "libc", "nix"] },
    Edges {
        folder: "",
        own: &["aarch64", "codegen", "ir", "memory", "riscv64", "syscalls", "target"],
        third_party: &[
            "clap",
            "clap_complete",
            "clap_mangen",
            "gdbstub",
            "goblin",
            "iced-x86",
            "libc",
            "nix",
            "object",
        ],
    },
    Edges { folder: "xtask", own: &["aarch64", "riscv64", "syscalls", "target"], third_party: &["serde_json", "toml"] },
];

/// The dependencies of a manifest that its row does not have.
pub fn edges(path: &str, text: &str) -> Vec<Finding> {
    let Some(folder) = path.strip_suffix("Cargo.toml") else { return Vec::new() };
    let folder = folder.trim_end_matches('/');
    let Some(edges) = EDGES.iter().find(|edges| edges.folder == folder) else { return Vec::new() };
    let manifest: Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Finding::new(1, format!("is no manifest: {error}"))],
    };
    dependencies(&manifest)
        .filter(|(name, value)| {
            let allowed = if is_own(name, value) { edges.own } else { edges.third_party };
            !allowed.contains(&name.as_str())
        })
        .map(|(name, _)| {
            let line =
                text.lines().position(|line| line.split(['.', ' ', '=']).next() == Some(name)).map_or(1, |at| at + 1);
            Finding::new(line, format!("may not depend on '{name}' (the borders are in xtask/src/tidy/crates.rs)"))
        })
        .collect()
}

/// The entries of `[dependencies]` and `[build-dependencies]`, also of those for one platform.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    platforms
        .filter_map(Value::as_table)
        .chain([manifest])
        .flat_map(|table| ["dependencies", "build-dependencies"].map(|key| table.get(key)))
        .flatten()
        .filter_map(Value::as_table)
        .flatten()
}

/// Whether a dependency is a crate of this workspace.
fn is_own(name: &str, value: &Value) -> bool {
    let from_workspace = value.get("workspace").is_some() || value.get("path").is_some();
    from_workspace && EDGES.iter().any(|edges| edges.own.contains(&name))
}

/// The members of the workspace that have no row above.
pub fn unlisted(manifest: &Path) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let manifest: Table = text.parse().map_err(|error| format!("Cargo.toml: {error}"))?;
    let members = manifest.get("workspace").and_then(|workspace| workspace.get("members")).and_then(Value::as_array);
    let unlisted = members
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|member| !EDGES.iter().any(|edges| edges.folder == *member))
        .map(|member| format!("{member}/Cargo.toml:1: has no row in xtask/src/tidy/crates.rs"));
    Ok(unlisted.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_edges_pass() {
        let text = "[dependencies]\nir.workspace = true\ndynasm = \"5\"\n[dev-dependencies]\nlibc = \"1\"\n";
        assert_eq!(edges("codegen/Cargo.toml", text), []);
    }

    #[test]
    fn an_edge_against_the_direction_is_found_with_its_line() {
        let text = "[dependencies]\ncodegen.workspace = true\n";
        let found = edges("ir/Cargo.toml", text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 2);
        assert!(found[0].what.contains("'codegen'"));
    }

    #[test]
    fn a_third_party_crate_is_found_also_for_one_platform() {
        let text = "[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n";
        assert_eq!(edges("ir/Cargo.toml", text).len(), 1);
    }

    #[test]
    fn a_foreign_crate_does_not_pass_under_an_own_name() {
        assert_eq!(edges("codegen/Cargo.toml", "[dependencies]\nir = \"1\"\n").len(), 1);
    }
}
