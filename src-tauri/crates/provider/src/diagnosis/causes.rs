//! Every cause that is told apart, with its name and what is seen of it.

macro_rules! diagnoses {
    ($($name:ident $id:literal $seen:literal)*) => {
        /// A cause that is told apart from the others. Stable: the name goes
        /// into records and exports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Diagnosis {
            $(#[doc = $seen] $name,)*
        }

        impl Diagnosis {
            /// Every cause, in the order of the documentation.
            pub const ALL: &[Diagnosis] = &[$(Diagnosis::$name),*];

            /// Its name, which never changes.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Diagnosis::$name => $id,)*
                }
            }

            /// What is seen of it, for the documentation.
            pub const fn seen(self) -> &'static str {
                match self {
                    $(Diagnosis::$name => $seen,)*
                }
            }
        }
    };
}

diagnoses! {
    // Addresses.
    NotAnAddress "not-an-address" "What was pasted is not an address."
    OtherService "other-service" "The connection belongs to the other service."
    MissingSlash "missing-slash" "A read is redirected to the same address with a slash at its end."
    RedirectedWrite "redirected-write" "A write is redirected."
    WantsHttps "wants-https" "Redirected to https, or a 400 that says that the port speaks https."
    SignInRedirect "sign-in-redirect" "Redirected to another host."
    RedirectedElsewhere "redirected-elsewhere" "Redirected to another path of the same host."
    RedirectWithoutTarget "redirect-without-target" "A redirect without a usable `Location`."
    MissingApiPrefix "missing-api-prefix" "404 that is no JSON, and the base address lacks `/api/v1/`."
    NoApiHere "no-api-here" "404 that is no JSON, below a base address of the usual form."
    Gone "gone" "404 in JSON."
    MethodNotAllowed "method-not-allowed" "405."
    AllowedHosts "allowed-hosts" "400 with an HTML page, from a Flagsmith server of one's own."
    CaptivePortal "captive-portal" "511, or a network's own page."
    DashboardPage "dashboard-page" "200 with the dashboard's HTML."
    SignInPage "sign-in-page" "200 with an HTML page."

    // Keys.
    KeyCharacters "key-characters" "The key holds characters that no key has."
    HeaderDropped "header-dropped" "401: no credentials were provided, although a key was sent."
    GatewaySignIn "gateway-sign-in" "401 with `WWW-Authenticate: Basic` from something in front."
    EnvironmentKeyAsAdmin "environment-key-as-admin" "401 of the Admin API to an environment key."
    EdgeFlagsTokenAtFlagsmith "edgeflags-token-at-flagsmith" "401 of Flagsmith to a token that begins with `ff_`."
    OrganisationKeyAsToken "organisation-key-as-token" "401 to an organisation key that was sent as a user token."
    TokenAsOrganisationKey "token-as-organisation-key" "401 to a user token that was sent as an organisation key."
    OrganisationKeyRefused "organisation-key-refused" "401 to a well-formed organisation key."
    UserTokenRefused "user-token-refused" "401 to a well-formed user token."
    OrganisationKeyMalformed "organisation-key-malformed" "401 to a text that is no organisation key."
    UserTokenMalformed "user-token-malformed" "401 to a text that is no user token."
    EdgeFlagsTokenRefused "edgeflags-token-refused" "401 to a well-formed EdgeFlags token."
    FlagsmithKeyAtEdgeFlags "flagsmith-key-at-edgeflags" "401 of EdgeFlags to a key of Flagsmith."
    EdgeFlagsTokenMalformed "edgeflags-token-malformed" "401 of EdgeFlags to a text that is no token."
    ClientKeyForDocument "client-key-for-document" "403 (or 401) to a client-side key that asks for the environment document."
    WrongRegion "wrong-region" "401 or 403 of a Flags API whose host belongs to another installation than the Admin API's."
    EnvironmentKeyUnknown "environment-key-unknown" "403 of a server, 401 in the documentation, to an environment key."
    PermissionMissing "permission-missing" "403 to a key that is accepted elsewhere."
    EdgeFlagsPermissionMissing "edgeflags-permission-missing" "403 of EdgeFlags."

    // Plans and rules of the environment.
    ServingStopped "serving-stopped" "403: the organisation is disabled from serving flags."
    PlanNeeded "plan-needed" "402, or a refusal that speaks of the plan."
    LimitReached "limit-reached" "A refusal that speaks of a maximum being reached."
    ChangeRequestsRequired "change-requests-required" "409 `change_requests_enabled`, or an environment known to ask for them."
    VersioningOn "versioning-on" "400: the environment uses v2 feature versioning."
    VersioningOff "versioning-off" "400: the environment must use v2 feature versioning."
    VersionPublished "version-published" "400: a published version cannot be modified."
    OverrideConflict "override-conflict" "400: an unresolvable conflict about a segment override."

    // Contents.
    ValueTooLong "value-too-long" "A value longer than the service keeps."
    NumberOutOfRange "number-out-of-range" "A number that the service does not keep."
    JsonValue "json-value" "JSON where the service keeps text."
    WeightsOver100 "weights-over-100" "400: the percentages exceed 100 %."
    DuplicateName "duplicate-name" "A name or key that is taken, 400 or 409."
    FlagNotServed "flag-not-served" "A surface answers and does not serve the flag that was asked for."
    FlagGone "flag-gone" "A flag that was there is not among the flags, or has no state."
    ChangingMeanwhile "changing-meanwhile" "Parts of a flag that never fit together, because somebody edits it."
    ListBehind "list-behind" "A version is named that the list does not show yet."
    VersionConflict "version-conflict" "409 with `details.current_version`."
    PayloadTooLarge "payload-too-large" "413 of the service."
    ProxyPayloadLimit "proxy-payload-limit" "413 with an HTML page from something in front."
    BodyMangled "body-mangled" "400: the JSON could not be parsed."
    Unprocessable "unprocessable" "422 of the Edge Proxy."
    Refused "refused" "Any other refusal."

    // Limits.
    RateLimitedUntil "rate-limited-until" "429 that says for how long."
    RateLimited "rate-limited" "429 that does not say for how long."
    CloudflareRateLimit "cloudflare-rate-limit" "429 or 403 with Cloudflare's error 1015."

    // Server faults.
    CloudflareOrigin "cloudflare-origin" "520 to 524, or 530."
    CloudflareTls "cloudflare-tls" "525 or 526."
    DatabaseDown "database-down" "500 that names the database."
    MigrationsUnfinished "migrations-unfinished" "500 that names migrations, or a table or column that is missing."
    IdentityFails "identity-fails" "500 to an identity."
    WriteFailed "write-failed" "500 to a write."
    ServerError "server-error" "500."
    EdgeFlagsInternal "edgeflags-internal" "500 of EdgeFlags."
    BadGatewayHosted "bad-gateway-hosted" "502 of the hosted service."
    BadGatewaySelfHosted "bad-gateway-self-hosted" "502 of a server of one's own."
    UnavailableHosted "unavailable-hosted" "503 of the hosted service."
    UnavailableSelfHosted "unavailable-self-hosted" "503 of a server of one's own."
    DocumentTimeout "document-timeout" "504, or no answer in time, to a request for an environment document."
    GatewayTimeoutHosted "gateway-timeout-hosted" "504 of the hosted service."
    GatewayTimeoutSelfHosted "gateway-timeout-self-hosted" "504 of a server of one's own."

    // Edge Proxies.
    ProxyNoDocument "proxy-no-document" "401 of an Edge Proxy whose health check fails."
    ProxyServerKey "proxy-server-key" "401 of an Edge Proxy to a server-side key."
    ProxyKeyUnknown "proxy-key-unknown" "401 of an Edge Proxy to an environment key."
    ProxyKeyMissing "proxy-key-missing" "500 of an Edge Proxy in plain text, as when no key arrives."
    ProxyNotReady "proxy-not-ready" "503 of an Edge Proxy's health check."
    ProxyFeatureNotFound "proxy-feature-not-found" "404 of an Edge Proxy that names a feature."
    ProxyRouteMissing "proxy-route-missing" "404 of an Edge Proxy for a path it does not know."

    // Below HTTP.
    NameNotFound "name-not-found" "The name of the host cannot be resolved."
    ConnectionRefused "connection-refused" "No connection can be made."
    ConnectTimeout "connect-timeout" "No connection in time."
    AnswerTimeout "answer-timeout" "No answer in time."
    CutBody "cut-body" "The connection ends in the middle of an answer."
    NoAnswer "no-answer" "The connection ends without an answer."
    NotHttp "not-http" "What comes back is not HTTP."
    UnknownIssuer "unknown-issuer" "A certificate by an authority that this computer does not know."
    CertificateExpired "certificate-expired" "A certificate that has expired."
    CertificateNotYetValid "certificate-not-yet-valid" "A certificate that is not valid yet."
    CertificateWrongName "certificate-wrong-name" "A certificate for another name."
    CertificateRefused "certificate-refused" "A certificate that is revoked or otherwise not acceptable."
    NotTls "not-tls" "https to a port that does not speak it."
    TlsNothingInCommon "tls-nothing-in-common" "No TLS version or cipher that both sides know."
    TlsFailed "tls-failed" "The TLS handshake fails otherwise."
    ProxyAuthentication "proxy-authentication" "407 of the HTTP proxy in the way."
    ProxyRefusesTunnel "proxy-refuses-tunnel" "The HTTP proxy in the way refuses CONNECT."
    ProxyUnreachable "proxy-unreachable" "The HTTP proxy in the way cannot be reached."
    NoEncryption "no-encryption" "This computer offers no usable encryption."
    BadBundle "bad-bundle" "The certificates that were added to a connection cannot be used."
    ConnectionBroke "connection-broke" "Anything else below HTTP."

    // Answers of another shape.
    MalformedJson "malformed-json" "200 with JSON that breaks off or breaks the rules."
    WrongShape "wrong-shape" "200 with JSON of another shape."
    TooLarge "too-large" "An answer beyond the limit."
    EndlessList "endless-list" "A list that repeats itself without an end."

    // By a second look, with what happened before and elsewhere.
    Offline "offline" "No connection, and no other surface answers either."
    ClockWrong "clock-wrong" "A certificate out of its time, and clocks that differ."
    KeyWithdrawn "key-withdrawn" "401 to a key that was accepted lately."
    PermissionLost "permission-lost" "403 to what was allowed lately."
    SharedKey "shared-key" "429 although Halyard itself sent little."
    DocumentOversized "document-oversized" "A document known to be large does not come in time."
    IncidentKnown "incident-known" "A fault of the hosted service while its status page tells of an incident."
    HalfDeployed "half-deployed" "A fault right after the server's version changed."
    HealthLies "health-lies" "A fault while the health endpoint answers 200."
    SporadicFaults "sporadic-faults" "A small share of requests fails, at least 0.1 %."
}
