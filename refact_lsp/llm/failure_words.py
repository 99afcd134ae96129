"""How vendors word their failures: tables that `failures.classify` reads.

The texts come from vendors' documentation and from recorded answers; a new one is a row here and a
row in the test.
"""

from refact_lsp.core.problems import ProblemKind

# What happened, what to do next.
WORDING: dict[ProblemKind, tuple[str, str]] = {
    "authentication": (
        "The key or token was refused",
        "Check the key in the provider's settings, or sign in again.",
    ),
    "permission": (
        "The account may not do this",
        "Check what the key may use, its project and its region on the provider's site.",
    ),
    "billing": (
        "The account has no credit or quota left",
        "Add credit on the provider's site, or choose a model of another provider.",
    ),
    "rateLimited": (
        "Too many requests",
        "Wait a moment, or choose a model of another provider.",
    ),
    "overloaded": (
        "The server is overloaded or has trouble of its own",
        "Try again in a moment; the provider's status page may tell more.",
    ),
    "contextTooLong": (
        "The request is longer than the model's context window",
        "Send less: shorten the thread, drop attachments, or choose a model with a larger window.",
    ),
    "modelNotFound": (
        "The model is not known there",
        "Refresh the provider's model list and choose a model from it.",
    ),
    "unsupported": (
        "The model or server cannot do this",
        "Choose a model that has the ability asked for.",
    ),
    "invalidRequest": (
        "The server did not accept the request",
        "The server's words say what it refuses; an override of the model's capabilities may help.",
    ),
    "contentFilter": (
        "The provider's content filter stopped the request",
        "Rephrase the request, or choose another model.",
    ),
    "network": (
        "The connection failed",
        "Check the network, the proxy and the provider's address.",
    ),
    "timeout": (
        "The server gave up waiting",
        "Try again; a longer timeout can be set in the provider's settings.",
    ),
    "badResponse": (
        "The answer could not be read",
        "Check the provider's address and wire format in its settings.",
    ),
}
ADDRESS_HINT = "Check the base URL in the provider's settings: nothing answers at that path."
REDIRECT_HINT = "Set the provider's base URL to the address that it redirects to, if you trust it."
PAGE_HINT = (
    "A web page answered: check the base URL, and whether a proxy or a login page is in between."
)

# Statuses that decide alone, whatever the body says.
SURE_STATUS: dict[int, ProblemKind] = {401: "authentication", 402: "billing", 529: "overloaded"}
# Statuses that decide where the body says nothing better.
STATUS: dict[int, ProblemKind] = {
    403: "permission",
    407: "network",
    408: "timeout",
    409: "overloaded",
    413: "contextTooLong",
    425: "overloaded",
    429: "rateLimited",
    451: "permission",
    501: "unsupported",
    504: "timeout",
    524: "timeout",
}
# Vendors' own words (`code`, `type`, `status`), lower-case with `-` and ` ` as `_`.
_CODES: dict[ProblemKind, str] = {
    "authentication": "authentication_error invalid_api_key invalid_authentication"
    " invalid_authentication_error incorrect_api_key_error unauthorized unauthenticated"
    " invalidapikey invalid_token token_expired authenticationerror no_auth",
    "permission": "permission_error permission_denied forbidden access_denied accessdenied"
    " unsupported_country_region_territory permission_denied_error not_authorized"
    " model_not_open modelnotopen operation_denied",
    "billing": "insufficient_quota billing_error billing_hard_limit_reached billing_not_active"
    " insufficient_balance insufficient_balance_error payment_required arrearage"
    " exceeded_current_quota_error accountoverdueerror insufficient_credits quota_exceeded"
    " credits_exhausted 1113 1008",
    "rateLimited": "rate_limit_exceeded rate_limit_error rate_limited too_many_requests"
    " rate_limit_reached_error resource_exhausted throttling throttling.ratequota"
    " throttling.allocationquota throttling.burstrate tokens_per_minute_exceeded requests"
    " tokens 1302 1305 1002",
    "overloaded": "overloaded_error overloaded server_overloaded engine_overloaded_error"
    " unavailable server_error internal_error internal_server_error api_error internal"
    " service_unavailable serveroverloaded model_overloaded capacity_exceeded 1033",
    "contextTooLong": "context_length_exceeded request_too_large too_many_prompt_tokens"
    " string_above_max_length model_max_prompt_tokens_exceeded exceed_context_size_error"
    " context_window_exceeded max_tokens_exceeded input_too_long",
    "modelNotFound": "model_not_found deploymentnotfound invalid_model model_not_available"
    " modelnotfound model_not_supported unknown_model model_not_found_error invalid_model_error"
    " model_decommissioned no_such_model invalidendpointormodel.notfound",
    "contentFilter": "content_filter content_policy_violation responsibleaipolicyviolation"
    " data_inspection_failed datainspectionfailed content_filter_error moderation_error"
    " safety_error prohibited_content 1301 1026 1027",
    "timeout": "timeout timeout_error deadline_exceeded request_timeout",
    "unsupported": "unimplemented not_supported_error unsupported_api_for_model",
}
KIND_OF_CODE: dict[str, ProblemKind] = {
    word: kind for kind, words in _CODES.items() for word in words.split()
}
# Phrases in any case, tried in this order: the most telling first. `re` compiles and keeps them
# when they are first looked for: every start would pay, and most sessions meet no failure. What
# may stand between two words is bounded, so that no text takes long to look through.
PHRASES: tuple[tuple[ProblemKind, str], ...] = (
    (
        "contextTooLong",
        (
            r"prompt (is )?too long|input (is )?too long|context[ _-]?(length|window|size)"
            r"|maximum (context|prompt|input) length|maximum number of (input )?tokens"
            r"|exceed\w{0,3} the (available |model'?s? )?"
            r"(context|maximum (allowed )?(number|input))|exceeds the limit of \d+"
            r"|reduce the length|too many (prompt |input )?tokens"
            r"|total length of all messages|max(imum)? tokens? limit|token limit exceeded"
            r"|request entity too large|range of input length|longer than the model"
            r"|request too large for model|input token count .{0,80} exceeds"
            r"|input \(\d+ tokens\) is too large"
        ),
    ),
    (
        "billing",
        (
            r"insufficient[ _](balance|credit|quota|fund)|credit balance is too low"
            r"|exceeded your current quota|billing|payment required|out of (credits|quota)"
            r"|not enough credits|requires more credits|no credits|spending limit"
            r"|account .{0,160}(overdue|arrears)|add (more )?credits"
        ),
    ),
    (
        "authentication",
        (
            r"(invalid|incorrect|missing|expired|wrong)[ _](api|access|auth\w{0,20}|subscription)?"
            r"[ _]?(key|token|authentication|credential)|api[ _-]?key (is |was )?"
            r"(not valid|invalid|missing|required|expired|not found)"
            r"|authentication fail|unauthori[sz]ed|not logged in|please (run /|log ?in)"
            r"|no api key|invalid subscription key|authentication token"
        ),
    ),
    (
        "rateLimited",
        (
            r"rate[ _-]?limit|too many requests|requests per (minute|day)|throttl"
            r"|(hit|reached) your usage limit|usage limit (has been )?reached"
        ),
    ),
    (
        "overloaded",
        r"overloaded|at capacity|over capacity|try again later|loading model|is loading",
    ),
    (
        "modelNotFound",
        (
            r"^model: |not a valid model|supported (api )?model names are"
            r"|(model|deployment)s?\b[^.]{0,160}"
            r"(not found|not exist|no such|unknown|not available|is not supported|not a supported)"
            r"|(unknown|invalid|no such|unsupported) model\b|model not (found|supported)"
            r"|try pulling it|(model|deployment)[^.]{0,80} has been (deprecated|decommissioned)"
        ),
    ),
    (
        "unsupported",
        r"(image|audio|video|vision|file) inputs? (is|are) not supported|requires --\w+ flag",
    ),
    (
        "contentFilter",
        (
            r"content (filter|policy|management|moderation)|flagged|safety (system|filter|setting)"
            r"|inappropriate content|usage polic"
        ),
    ),
)
PARAMETER = (
    r"(?:unsupported|unknown|unrecognized|unexpected|invalid|extra)[a-z ]{0,40}"
    r"(?:parameter|argument|field|property|value)s?[a-z ]{0,40}[:=]?\s*[`'\"]([\w.\[\]]+)[`'\"]"
    r"|(?:property|parameter|field|argument)\s+[`'\"]([\w.\[\]]+)[`'\"]\s+(?:is|was|not)"
    r"|^[`'\"]([\w.\[\]]+)[`'\"] is (?:not supported|deprecated|unsupported)"
    r"|(?:supplied|argument):? (\w+)$"
)
