//! `slotted check`: reports and exit status.

mod common;

use common::{Outcome, empty_folder, example_packs, folder_with, pack, run, tool};

#[test]
fn packs_without_problems_are_counted() -> Outcome {
    let [core, more_orcs] = example_packs();
    let answer = run(["check".as_ref(), core.as_os_str(), more_orcs.as_os_str()])?;
    assert_eq!(answer.output, "2 packs, 4 schemas, 22 records: no problems\n");
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""));
    Ok(())
}

#[test]
fn reports_are_readable() -> Outcome {
    let answer = run(["check", &pack("misspelt")])?;
    assert_eq!(
        answer.errors,
        "\
error[undeclared-slot]: 'unit' object has no slot 'helth'; did you mean 'health'?
 --> tests/packs/misspelt/units.toml:7:1
  |
7 | helth = 80.0
  | ^^^^^ not declared

1 error
"
    );
    assert_eq!((answer.status, &*answer.output), (Some(1), ""));
    Ok(())
}

#[test]
fn reports_are_machine_readable() -> Outcome {
    let answer = run(["check", &pack("misspelt"), "--format", "json"])?;
    let report: serde_json::Value = serde_json::from_str(&answer.output)?;
    let found = &report["diagnostics"][0];
    assert_eq!(found["code"], "undeclared-slot");
    assert_eq!(found["file"], "tests/packs/misspelt/units.toml");
    assert_eq!((&found["line"], &found["column"]), (&7.into(), &1.into()));
    assert_eq!(found["suggestion"], "health");
    assert_eq!((&report["errors"], &report["packs"]), (&1.into(), &serde_json::Value::Null));
    assert_eq!((answer.status, &*answer.errors), (Some(1), ""));

    let [core, _] = example_packs();
    let answer = run(["check".as_ref(), core.as_os_str(), "--format=json".as_ref()])?;
    let report: serde_json::Value = serde_json::from_str(&answer.output)?;
    assert_eq!(report["packs"][0]["version"], "1.0.0");
    assert_eq!((&report["schemas"], &report["records"]), (&3.into(), &15.into()));
    assert_eq!(answer.status, Some(0));
    Ok(())
}

#[test]
fn deny_warnings_makes_warnings_problems() -> Outcome {
    let pack = pack("warned");
    assert_eq!(run(["check", &pack])?.status, Some(1));
    let answer = run(["check", &pack, "--undeclared", "quarantine"])?;
    assert_eq!(answer.output, "1 pack, 1 schema, 1 record: 1 warning\n");
    assert!(answer.errors.starts_with("warning[undeclared-slot]"), "{}", answer.errors);
    assert_eq!(answer.status, Some(0));
    let denied = run(["check", &pack, "--undeclared", "ignore", "--deny-warnings"])?;
    assert_eq!(denied.status, Some(1));
    Ok(())
}

#[test]
fn colours_are_for_terminals_or_on_request() -> Outcome {
    let pack = pack("misspelt");
    assert!(!run(["check", &pack])?.errors.contains('\u{1b}'));
    assert!(run(["check", &pack, "--color", "always"])?.errors.contains('\u{1b}'));
    assert!(!run(["check", &pack, "--color", "never"])?.errors.contains('\u{1b}'));
    Ok(())
}

#[test]
fn failures_have_their_own_status() -> Outcome {
    let folder = empty_folder("nothing_to_check")?.display().to_string();
    let cases: [(&[&str], &str); 6] = [
        (&["check", "nowhere"], "error: cannot read 'nowhere'"),
        (
            &["check", "Cargo.toml"],
            "is a file, not the folder of a pack\nhelp: load its folder: .\n",
        ),
        (&["check", &folder], "contains no definition files"),
        (&["check", "--packs", &folder], "contains no packs"),
        (&["check"], "required"),
        (&["check", ".", "--undeclared", "maybe"], "invalid value"),
    ];
    for (arguments, message) in cases {
        let answer = run(arguments)?;
        assert_eq!(answer.status, Some(2), "{arguments:?} {answer:?}");
        assert!(answer.errors.contains(message), "{arguments:?} {answer:?}");
        assert_eq!(answer.output, "");
    }
    Ok(())
}

#[test]
fn a_manifest_in_capital_letters_is_named() -> Outcome {
    let folder = folder_with("capital_manifest", "Pack.toml", "name = 'orcs'\n")?;
    let answer = run(["check", &folder])?;
    assert!(answer.errors.contains("a manifest is 'pack.toml', in lower case"), "{answer:?}");
    assert_eq!(answer.status, Some(1));
    Ok(())
}

#[test]
fn a_folder_of_packs_is_recognized() -> Outcome {
    let [core, _] = example_packs();
    let packs = core.parent().unwrap_or(&core);
    let answer = run(["check".as_ref(), packs.as_os_str()])?;
    assert_eq!(answer.status, Some(2));
    assert!(answer.errors.contains("help: list the packs, or use --packs"), "{answer:?}");
    let answer = run(["check".as_ref(), "--packs".as_ref(), packs.as_os_str()])?;
    assert_eq!(answer.output, "2 packs, 4 schemas, 22 records: no problems\n");
    assert_eq!(answer.status, Some(0));
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn an_unwritable_output_is_a_failure() -> Outcome {
    let [core, _] = example_packs();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full")?;
    let output = tool().arg("check").arg(core).stdout(full).output()?;
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.starts_with("error: cannot write the output"), "{errors}");
    Ok(())
}

#[test]
fn hostile_files_cause_problems_not_crashes() -> Outcome {
    let open = "[".repeat(100_000);
    let maps = "{\"a\":".repeat(100_000);
    let records: String = (0..3000).map(|number| format!("r{number} = {{ x = 1 }}\n")).collect();
    let records = format!("[schemas.unit.slots]\n[records.unit]\n{records}");
    let cases = [
        ("nested.json", open.clone()),
        ("maps.json", maps),
        ("nested.toml", format!("a = {open}")),
        ("nested.ron", open),
        ("records.toml", records),
        ("zeros.json", "\0".repeat(1 << 20)),
        ("digits.json", "9".repeat(1 << 20)),
        ("unended.toml", format!("a = \"{}", "x".repeat(1 << 20))),
        ("empty.json", String::new()),
    ];
    for (file, text) in cases {
        let folder = folder_with(&format!("hostile_{file}"), file, &text)?;
        let answer = run(["check", &folder])?;
        assert_eq!(answer.status, Some(1), "{file}: {}", answer.errors);
        assert!(answer.errors.len() < 1 << 20, "the report of {file} is too long");
        let answer = run(["check", &folder, "--format", "json", "--max-problems", "5"])?;
        assert_eq!(answer.status, Some(1), "{file}: {}", answer.errors);
        let report: serde_json::Value = serde_json::from_str(&answer.output)?;
        assert!(report["diagnostics"].as_array().is_some_and(|found| found.len() <= 5));
    }
    Ok(())
}

#[test]
fn files_beyond_the_limit_are_not_read() -> Outcome {
    let [core, _] = example_packs();
    let core = core.display().to_string();
    let answer = run(["check", &core, "--max-file-bytes", "100"])?;
    assert_eq!(answer.status, Some(1));
    assert!(answer.errors.contains("exceeds the limit of 100 bytes"), "{answer:?}");
    let answer = run(["check", &core, "--max-file-bytes", "100", "--max-problems", "1"])?;
    assert!(answer.errors.contains("more problem"), "{answer:?}");
    Ok(())
}

#[test]
fn packs_that_overwrite_each_other_follow_the_policy() -> Outcome {
    let packs = pack("rivals");
    let answer = run(["check", "--packs", &packs])?;
    assert_eq!(answer.output, "3 packs, 1 schema, 1 record: 1 warning\n");
    let message =
        "warning[conflict]: packs 'elves' and 'orcs' both change slot 'health' of record 'wolf'";
    assert!(answer.errors.starts_with(message), "{}", answer.errors);
    assert_eq!(answer.status, Some(0));
    let answer = run(["check", "--packs", &packs, "--conflicts", "refuse"])?;
    assert!(answer.errors.contains("error[conflict]"), "{}", answer.errors);
    assert!(answer.errors.contains("rivals/elves/units.toml:2:10"), "{}", answer.errors);
    assert_eq!((answer.status, &*answer.output), (Some(1), ""));
    let answer = run(["check", "--packs", &packs, "--conflicts", "allow"])?;
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""));
    Ok(())
}
