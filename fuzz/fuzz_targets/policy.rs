#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mergegate_fuzz::laws::policy::hold(bytes));
