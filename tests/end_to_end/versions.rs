//! What has to be written twice is written alike: Docker reads neither rust-toolchain.toml nor the Makefile.

use std::path::Path;

/// The rest of the line of a file that begins so.
fn said(file: &str, beginning: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let found = text.lines().find_map(|line| line.strip_prefix(beginning));
    found
        .unwrap_or_else(|| panic!("{file} has no line that begins with {beginning}"))
        .trim_matches('"')
        .to_owned()
}

#[test]
fn the_images_are_built_with_the_rust_of_the_repository() {
    let image = said("docker/Dockerfile", "ARG RUST_VERSION=");
    assert_eq!(image, said("rust-toolchain.toml", "channel = \""));
    let oldest = said("Cargo.toml", "rust-version = \"");
    assert!(image == oldest || image.starts_with(&format!("{oldest}.")), "{image} and {oldest}");
}

#[test]
fn the_images_have_the_postgresql_of_the_makefile() {
    let major = said("Makefile", "PG ?= ");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docker/Dockerfile");
    let dockerfile = std::fs::read_to_string(path).unwrap();
    let words = dockerfile.split([' ', '/', '=', ':', '\n']).filter(|word| word.starts_with("postgresql-"));
    let versions: Vec<&str> =
        words.filter_map(|word| word.rsplit('-').next().filter(|end| end.parse::<u32>().is_ok())).collect();
    assert!(versions.len() >= 2, "{versions:?}");
    assert!(versions.iter().all(|version| *version == major), "{versions:?} and {major}");
    assert!(dockerfile.contains(&format!("--pg{major} ")), "cargo pgrx init --pg{major}");
}
