#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| progy_fuzz::snapshot_list(data));
