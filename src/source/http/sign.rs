//! Signatures over a whole request, made when everything else of it is known: AWS Signature Version 4 and Chef's protocol 1.3.
//! Not for: credentials that are the same for every request (see `auth`), where AWS credentials come from (see `aws`).

use std::time::SystemTime;

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderName, HeaderValue};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

use crate::domain::Timestamp;

/// Characters in one line of a Chef signature.
const CHEF_LINE: usize = 60;
/// Newest version of Chef's server API that the connectors are written for.
const CHEF_API: &str = "1";

/// Signs requests.
#[derive(Clone)]
pub(super) enum Signer {
    /// AWS, for one service in one region.
    Aws { identity: AwsCredentials, region: String, service: String },
    /// A client of a Chef Infra Server.
    Chef { user: String, key: std::sync::Arc<RsaKeyPair> },
}

impl Signer {
    /// Adds what proves who sends it.
    pub fn sign(&self, request: &mut reqwest::Request, now: SystemTime) -> Result<(), String> {
        let headers = match self {
            Self::Aws { identity, region, service } => aws(request, identity, (region, service), now)?,
            Self::Chef { user, key } => chef(request, user, key, now)?,
        };
        for (name, value) in headers {
            let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is no header"))?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| format!("the value of {name} is none of a header"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        Ok(())
    }
}

fn body(request: &reqwest::Request) -> Vec<u8> {
    request.body().and_then(reqwest::Body::as_bytes).map(<[u8]>::to_vec).unwrap_or_default()
}

/// Signature Version 4 over method, address, the headers that AWS reads, and body.
fn aws(
    request: &reqwest::Request,
    identity: &AwsCredentials,
    (region, service): (&str, &str),
    now: SystemTime,
) -> Result<Vec<(String, String)>, String> {
    let identity = identity.clone().into();
    let mut settings = SigningSettings::default();
    // S3 alone is asked for paths as they are, and wants the hash of the body as a header
    if service == "s3" {
        settings.percent_encoding_mode = aws_sigv4::http_request::PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = aws_sigv4::http_request::UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = aws_sigv4::http_request::PayloadChecksumKind::XAmzSha256;
    }
    let builder = v4::SigningParams::builder().identity(&identity).region(region).name(service).time(now).settings(settings);
    let parameters = builder.build().map_err(|e| e.to_string())?.into();
    let body = body(request);
    // proxies add and change others on the way
    let signed = |name: &str| name == "content-type" || name.starts_with("x-amz-");
    let headers = request.headers().iter().filter(|(name, _)| signed(name.as_str()));
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signable = SignableRequest::new(request.method().as_str(), request.url().as_str(), headers, SignableBody::Bytes(&body));
    let signable = signable.map_err(|e| e.to_string())?;
    let (instructions, _) = sign(signable, &parameters).map_err(|e| e.to_string())?.into_parts();
    let (headers, _) = instructions.into_parts();
    Ok(headers.into_iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
}

/// Protocol 1.3: RSA PKCS#1 v1.5 with SHA-256 over the canonical request; the signature is cut into lines (mixlib-authentication,
/// `signedheaderauth.rb`).
fn chef(request: &reqwest::Request, user: &str, key: &RsaKeyPair, now: SystemTime) -> Result<Vec<(String, String)>, String> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|e| e.to_string())?;
    let at = Timestamp::from_ms(i64::try_from(since.as_secs()).unwrap_or_default() * 1000).to_string().replace(".000Z", "Z");
    let hash = STANDARD.encode(digest(&SHA256, &body(request)));
    let text = chef_text(request.method().as_str(), request.url().path(), &hash, &at, user);
    let mut signature = vec![0; key.public().modulus_len()];
    let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
    signed.map_err(|_| "the key cannot sign".to_owned())?;
    let mut headers = vec![
        ("x-chef-version".to_owned(), "18.0.0".to_owned()),
        ("x-ops-server-api-version".to_owned(), CHEF_API.to_owned()),
        ("x-ops-sign".to_owned(), "algorithm=sha256;version=1.3;".to_owned()),
        ("x-ops-userid".to_owned(), user.to_owned()),
        ("x-ops-timestamp".to_owned(), at),
        ("x-ops-content-hash".to_owned(), hash),
    ];
    let encoded = STANDARD.encode(signature);
    let lines = encoded.as_bytes().chunks(CHEF_LINE).map(|line| String::from_utf8_lossy(line).into_owned());
    headers.extend(lines.enumerate().map(|(index, line)| (format!("x-ops-authorization-{}", index + 1), line)));
    Ok(headers)
}

/// What a Chef server signs anew to compare: its path has neither query, double slashes, nor a slash at the end.
fn chef_text(method: &str, path: &str, hash: &str, at: &str, user: &str) -> String {
    let mut canonical = String::from("/");
    canonical.push_str(&path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"));
    format!(
        "Method:{method}\nPath:{canonical}\nX-Ops-Content-Hash:{hash}\nX-Ops-Sign:version=1.3\nX-Ops-Timestamp:{at}\nX-Ops-UserId:{user}\nX-Ops-Server-API-Version:{CHEF_API}"
    )
}

/// An RSA key in PEM, as PKCS#1 (`BEGIN RSA PRIVATE KEY`, which Chef writes) or PKCS#8.
pub(super) fn rsa_key(pem: &str) -> Result<RsaKeyPair, String> {
    let block = |label: &str| {
        let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
        let (text, _) = rest.split_once(&format!("-----END {label}-----"))?;
        STANDARD.decode(text.split_whitespace().collect::<String>()).ok()
    };
    let unusable = |e: ring::error::KeyRejected| format!("the key cannot be used: {e}");
    if let Some(der) = block("RSA PRIVATE KEY") {
        return RsaKeyPair::from_der(&der).map_err(unusable);
    }
    match block("PRIVATE KEY") {
        Some(der) => RsaKeyPair::from_pkcs8(&der).map_err(unusable),
        None => Err("it holds no RSA key in PEM".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160) // 2015-08-30T12:36:00Z
    }

    /// "get-vanilla-query-order-key-case" of the AWS SigV4 test suite, with the service and the keys that AWS publishes for it.
    #[test]
    fn a_signature_is_the_one_that_aws_publishes() {
        let identity = AwsCredentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "test");
        let signer = Signer::Aws { identity, region: "us-east-1".into(), service: "service".into() };
        let url = "https://example.amazonaws.com/?Param2=value2&Param1=value1".parse().unwrap();
        let mut request = reqwest::Request::new(reqwest::Method::GET, url);
        signer.sign(&mut request, at()).unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-amz-date"), "20150830T123600Z");
        assert_eq!(
            header("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, \
             Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        );
    }

    #[test]
    fn a_session_token_goes_with_the_signature() {
        let identity = AwsCredentials::new("AKID", "secret", Some("session".into()), None, "test");
        let signer = Signer::Aws { identity, region: "eu-west-1".into(), service: "ecs".into() };
        let mut request = reqwest::Request::new(reqwest::Method::POST, "http://127.0.0.1:5000/".parse().unwrap());
        *request.body_mut() = Some("{}".into());
        signer.sign(&mut request, at()).unwrap();
        assert_eq!(request.headers()["x-amz-security-token"], "session");
        assert!(request.headers()["authorization"].is_sensitive());
    }

    #[test]
    fn chef_signs_the_canonical_request() {
        assert_eq!(
            chef_text("GET", "//organizations//acme/nodes/", "hash", "2026-11-23T22:00:00Z", "oncall"),
            "Method:GET\nPath:/organizations/acme/nodes\nX-Ops-Content-Hash:hash\nX-Ops-Sign:version=1.3\n\
             X-Ops-Timestamp:2026-11-23T22:00:00Z\nX-Ops-UserId:oncall\nX-Ops-Server-API-Version:1"
        );
        assert!(rsa_key("no key").unwrap_err().contains("no RSA key"));
    }

    #[test]
    fn a_chef_signature_can_be_checked_with_the_public_key() {
        let pem = include_str!("../../../tests/fixtures/chef/client.pem");
        let key = std::sync::Arc::new(rsa_key(pem).unwrap());
        let signer = Signer::Chef { user: "oncall".into(), key: std::sync::Arc::clone(&key) };
        let url = "https://chef.example/organizations/acme/search/node?q=*:*".parse().unwrap();
        let mut request = reqwest::Request::new(reqwest::Method::POST, url);
        *request.body_mut() = Some("{}".into());
        signer.sign(&mut request, at()).unwrap();
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("x-ops-sign").as_deref(), Some("algorithm=sha256;version=1.3;"));
        assert_eq!(header("x-ops-timestamp").as_deref(), Some("2015-08-30T12:36:00Z"));
        let hash = header("x-ops-content-hash").unwrap();
        assert_eq!(hash, "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=", "SHA-256 of {{}}");
        let lines: Vec<String> = (1..).map_while(|index| header(&format!("x-ops-authorization-{index}"))).collect();
        assert!(lines.len() == 6 && lines.iter().all(|line| line.len() <= CHEF_LINE), "{lines:?}");
        let text = chef_text("POST", "/organizations/acme/search/node", &hash, "2015-08-30T12:36:00Z", "oncall");
        let public = ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, key.public().as_ref());
        public.verify(text.as_bytes(), &STANDARD.decode(lines.concat()).unwrap()).unwrap();
    }
}
