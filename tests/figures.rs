//! `tellonce bench`, run for real: it measures a server and leaves nothing behind.

use serde_json::Value;
use std::process::{Command, Output};
use tempfile::TempDir;

fn bench(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tellonce"));
    command.args(["bench", "--seconds", "0.02", "--connections", "1,3", "--dir"]).arg(folder.path());
    let output = command.args(arguments).output().expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn a_reader_can_measure_the_server_beside_the_machine() {
    let folder = TempDir::new().expect("a folder");
    let report: Value = serde_json::from_slice(&bench(&folder, &["--json"]).stdout).expect("JSON");
    for pointer in ["/ceiling/syncs", "/ceiling/seals", "/ceiling/argon2", "/ceiling/rows/1/stored"] {
        assert!(report.pointer(pointer).and_then(Value::as_f64).is_some_and(|rate| rate > 0.0), "{pointer}");
    }
    let figures = report["figures"].as_array().expect("figures");
    let measured: Vec<_> =
        figures.iter().map(|figure| (figure["operation"].as_str(), figure["connections"].as_u64())).collect();
    let plain = ["conceal", "reveal", "cycle"];
    let mut expected: Vec<_> = plain
        .iter()
        .flat_map(|operation| [1, 3].map(|connections| (Some(*operation), Some(connections))))
        .collect();
    expected.push((Some("conceal_protected"), Some(8)));
    assert_eq!(measured, expected);
    for figure in figures {
        for name in ["per_second", "p50_ms", "p99_ms", "of_ceiling"] {
            assert!(figure[name].as_f64().is_some_and(|number| number > 0.0), "{name} of {figure}");
        }
    }
    let table = String::from_utf8(bench(&folder, &[]).stdout).expect("text");
    let rows = table.lines().skip_while(|line| !line.starts_with("the server")).skip(1).count();
    assert_eq!(rows, figures.len(), "{table}");
    assert_eq!(folder.path().read_dir().expect("the folder").count(), 0, "something is left behind");
}
