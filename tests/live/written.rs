//! Writing history into a real Prometheus: Prometheus remote write 1.0 (protobuf, in a snappy block of literals only).
//! Not for: what is written (see `drift`).

use triops::config::SourceConfig;
use triops::source::http::{Http, Method, Request};

/// Bits of the NaN that says a series has ended (`model/value/value.go`).
pub const STALE: u64 = 0x7ff0_0000_0000_0002;

/// A native histogram's buckets `(base^(i−1), base^i]`, `base = 2^(2^−schema)`, from index `first` on: counts since it began.
#[derive(Debug, Clone)]
pub struct Native {
    pub schema: i64,
    pub first: i64,
    pub counts: Vec<i64>,
}

/// One series, its labels in order.
#[derive(Debug, Default)]
pub struct Written {
    labels: Vec<u8>,
    samples: Vec<u8>,
}

impl Written {
    /// `labels` in the order of their names, `__name__` first.
    pub fn new(labels: &[(&str, &str)]) -> Self {
        let mut written = Self::default();
        for (name, value) in labels {
            let mut label = Vec::new();
            bytes(&mut label, 1, name.as_bytes());
            bytes(&mut label, 2, value.as_bytes());
            bytes(&mut written.labels, 1, &label);
        }
        written
    }

    pub fn sample(&mut self, at_ms: i64, value: f64) {
        let mut sample = Vec::new();
        double(&mut sample, 1, value);
        number(&mut sample, 2, at_ms);
        bytes(&mut self.samples, 2, &sample);
    }

    pub fn native(&mut self, at_ms: i64, histogram: &Native) {
        let mut out = Vec::new();
        number(&mut out, 1, histogram.counts.iter().sum());
        double(&mut out, 3, 0.0);
        number(&mut out, 4, zigzag(histogram.schema));
        let mut span = Vec::new();
        number(&mut span, 1, zigzag(histogram.first));
        number(&mut span, 2, histogram.counts.len() as i64);
        bytes(&mut out, 11, &span);
        let mut before = 0;
        for count in &histogram.counts {
            number(&mut out, 12, zigzag(count - before));
            before = *count;
        }
        number(&mut out, 15, at_ms);
        bytes(&mut self.samples, 4, &out);
    }
}

/// Writes all of it.
pub async fn write(url: &str, series: &[Written]) {
    let mut body = Vec::new();
    for series in series {
        bytes(&mut body, 1, &[series.labels.as_slice(), &series.samples].concat());
    }
    let http = Http::new(&SourceConfig { url: Some(url.to_owned()), ..SourceConfig::default() }, "").unwrap();
    let headers = [("Content-Encoding", "snappy"), ("X-Prometheus-Remote-Write-Version", "0.1.0")];
    let request = Request {
        method: Method::POST,
        body: Some(("application/x-protobuf", snappy(&body))),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        ..Request::get("/api/v1/write")
    };
    http.send(request).await.unwrap();
}

fn snappy(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, body.len() as u64);
    for literal in body.chunks(1 << 16) {
        let length = u16::try_from(literal.len() - 1).unwrap();
        out.push(61 << 2);
        out.extend(length.to_le_bytes());
        out.extend(literal);
    }
    out
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 128 {
        out.push((value as u8) | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> i64 {
    (value << 1) ^ (value >> 63)
}

fn number(out: &mut Vec<u8>, field: u64, value: i64) {
    varint(out, field << 3);
    varint(out, value as u64);
}

fn double(out: &mut Vec<u8>, field: u64, value: f64) {
    varint(out, field << 3 | 1);
    out.extend(value.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend(value);
}
