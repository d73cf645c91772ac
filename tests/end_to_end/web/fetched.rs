//! `loader fetch` as the tests call it, and what it leaves in the folder of snapshots.

use etl_tests::loader::{Loader, Ran};
use etl_tests::web::api::collection::Collection;
use etl_tests::web::api::{Api, Endpoint, ORGANIZATION};
use serde_json::Value;
use std::path::PathBuf;

/// The key that the API wants.
pub const KEY: &str = "canary-key-5d1f";

/// A loader that knows the key.
pub fn with_key(loader: Loader) -> Loader {
    loader.env("MOBILIZE_API_KEY", KEY)
}

/// Arguments of a fetch.
pub fn words(api: &Api, options: &[&str]) -> Vec<String> {
    let words = ["fetch", "mobilize", "--organization", &ORGANIZATION.to_string(), "--api-url", &api.url()];
    words.iter().chain(options).map(|word| (*word).to_owned()).collect()
}

/// Fetches into the loader's own folder of snapshots.
pub fn fetch(loader: &Loader, api: &Api, options: &[&str]) -> Ran {
    loader.run(words(api, options))
}

/// The manifests of a loader's snapshots, oldest first.
pub fn manifests(loader: &Loader) -> Vec<Value> {
    let Ok(entries) = std::fs::read_dir(loader.folder().join("snapshots/mobilize")) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

/// What a manifest says of an endpoint, and the records in its file, sorted.
pub fn snapshot(loader: &Loader, manifest: &Value, endpoint: Endpoint) -> (Value, Vec<String>) {
    let sources = manifest["sources"].as_array().unwrap();
    let source = sources.iter().find(|source| source["name"] == endpoint.name()).unwrap().clone();
    let path = loader.folder().join("snapshots/mobilize").join(source["file"].as_str().unwrap());
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(source["bytes"], bytes.len());
    let text = String::from_utf8(zstd::decode_all(bytes.as_slice()).unwrap()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    (source, lines)
}

/// A collection's objects, sorted.
pub fn sorted(collection: &Collection) -> Vec<String> {
    let mut texts = collection.texts();
    texts.sort();
    texts
}

/// Checks that the newest snapshot has every attendance of the API, once and byte for byte.
#[track_caller]
pub fn check_whole(loader: &Loader, api: &Api) {
    let manifests = manifests(loader);
    let (source, lines) = snapshot(loader, manifests.last().expect("a snapshot"), Endpoint::Attendances);
    let expected = api.with(|all| sorted(&all.attendances));
    assert_eq!(source["records"], expected.len());
    assert_eq!(lines.len(), expected.len());
    assert!(lines == expected, "other records than the API has");
}
