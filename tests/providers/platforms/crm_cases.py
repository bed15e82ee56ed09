"""Values for each vendor of the CRM, and how the tests of its testers ask."""

import json

from providers.access.door import Door
from providers.outbound.addresses import parse_allowed
from providers.outbound.api import Api
from providers.outbound.reply import Reply
from providers.platforms.crm import PROVIDER
from providers.run.ladder import run_test
from providers.sandbox.crm import answer, generic, hubspot, pipedrive, salesforce, zoho
from tests.providers.asking import held

MY_DOMAIN = "https://acme.my.salesforce.com"


def of_hubspot(word="healthy"):
    return {"vendor": "hubspot", "access_token": f"{hubspot.PREFIX}{word}"}


def of_pipedrive(word="healthy"):
    return {"vendor": "pipedrive", "access_token": f"{pipedrive.PREFIX}{word}"}


def of_salesforce(word="healthy"):
    return {
        "base_url": MY_DOMAIN,
        "client_id": f"{salesforce.PREFIX}{word}",
        "client_secret": salesforce.SECRET,
    }


def of_zoho(word="healthy"):
    return {
        "vendor": "zoho",
        "data_centre": "eu",
        "client_id": zoho.CLIENT_ID,
        "client_secret": zoho.CLIENT_SECRET,
        "refresh_token": f"{zoho.PREFIX}{word}",
    }


def of_generic(word="healthy", path="/me"):
    return {
        "vendor": "generic",
        "base_url": "https://crm.example/api",
        "access_token": f"{generic.PREFIX}{word}",
        "health_path": path,
    }


METHODS = {
    of_hubspot: "access_token",
    of_pipedrive: "access_token",
    of_salesforce: "client_credentials",
    of_zoho: "refresh_token",
    of_generic: "rest",
}


def method_of(values):
    if "refresh_token" in values:
        return "refresh_token"
    if "client_id" in values:
        return "client_credentials"
    return "rest" if values.get("vendor") == "generic" else "access_token"


SIGN_INS = {
    "hubspot": hubspot.SIGN_IN,
    "salesforce": salesforce.SIGN_IN,
    "pipedrive": pipedrive.SIGN_IN,
    "zoho": zoho.SIGN_IN,
}


def ask(platform, values, replies=answer, method=None):
    """The result of a test against the sandbox, or against these replies, and what was asked."""
    fake, requests_seen = platform(PROVIDER, replies)
    return run_test(fake, values, method=method or method_of(values)), requests_seen


def outcomes(result):
    return [step.outcome for step in result.steps]


def detail(result, label):
    return {step.label: step.detail for step in result.steps}[label]


def said(result):
    """Everything a result shows, to look for secrets in."""
    return repr(result) + repr(result.error) + str(result.error and result.error.action)


def rule_of(values, reply):
    """The rule of the vendor's table that a reply meets first."""
    provider = PROVIDER.for_values(values)
    facts = provider.facts_of(reply)
    return next((rule for rule in provider.errors if rule.matches(facts)), None)


def unreached(values, failures):
    """The rules of a vendor that none of these (status, body, …) meets."""
    left = list(PROVIDER.for_values(values).errors)
    for status, body, *_ in failures:
        sent = body if isinstance(body, str) else json.dumps(body)
        rule = rule_of(values, Reply(status, {}, sent.encode()))
        left = [one for one in left if one != rule]
    return left


def outside_a_trial(server, host):
    """An Api for the vendors' own hosts, of which only this one is a server of ours."""
    return Api(
        {**PROVIDER.hosts, host: server.url},
        judge=PROVIDER.judge,
        platform=PROVIDER.name,
        allow=parse_allowed(server.url.removeprefix("http://")),
    )


def asking_with(values, method, api, grant=None):
    """The vendor's tester, let in through this Api; with a grant by a sign-in's token."""
    provider = PROVIDER.for_values(values)
    tokens = held(values, grant) if grant else None
    door = Door(provider, method, values, api, tokens, lambda _values: None)
    return provider.tester(api, method, door.plain, door)
