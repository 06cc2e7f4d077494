//! Any bytes, read as metrics of both formats: no panic, labels as many as counted, no line without a word.

#![no_main]

use libfuzzer_sys::fuzz_target;
use triops::source::exposition::{Exposition, Format, Line, Scrape};

fuzz_target!(|body: &[u8]| {
    for format in [Format::Text, Format::OpenMetrics] {
        let mut samples = 0;
        for line in Exposition::parse(body, format) {
            match line {
                Ok(Line::Sample(sample)) => {
                    samples += 1;
                    assert_eq!(sample.labels.iter().count(), sample.labels.len());
                    if let Some(exemplar) = sample.exemplar {
                        assert_eq!(exemplar.labels.iter().count(), exemplar.labels.len());
                    }
                }
                Ok(_) => {}
                Err(error) => assert!(error.line >= 1 && error.column >= 1),
            }
        }
        let scrape = Scrape::read(body, format);
        assert_eq!(scrape.samples, samples);
        assert!(scrape.errors.len() <= Scrape::LISTED && scrape.flaws.len() <= Scrape::LISTED);
    }
});
