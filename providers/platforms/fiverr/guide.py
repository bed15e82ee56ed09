"""How a team watches its Fiverr seller without Fiverr's help, which has no access for programs."""

from providers.declare import Guide, at
from providers.platforms.fiverr.page import ADDRESS

OWN_SERVICE = Guide(
    who="Whoever builds automations for you, with n8n, Make or a script, say. Nobody at Fiverr "
    "can give you a key: there is none.",
    steps=(
        "Let the automation hold the numbers of your seller page, and answer a GET with JSON.",
        "Useful names in its answer are username, level, rating, reviews, gigs and orders in "
        "queue. Add the time of the last update.",
        "Copy the production address of that automation, not the link of its editor.",
        "If it asks for a key, copy that too. If the key has a header of its own, copy the "
        "header's name.",
        "Paste them into the dialog.",
    ),
    lasts="As long as your own service runs and keeps its address and its key.",
    pitfalls=(
        "Automation tools give another address when a flow is built anew.",
        "n8n's test address works only while its editor is open.",
        "An address that forwards to another one is refused: enter the final one.",
        "A service that answers a web page, or only a word, tells nothing.",
        "Never enter a password of Fiverr or a cookie, here or anywhere else.",
    ),
)
PUBLIC_PAGE = Guide(
    who="Anybody. It needs no account and no key.",
    steps=(
        at("Open your seller's profile at Fiverr.", ADDRESS, "Fiverr"),
        "Copy the name at the end of its address.",
        "Paste it into the dialog. Leave the look-up off unless you want the page itself to be "
        "asked for.",
    ),
    lasts="As long as the seller keeps the name.",
    pitfalls=(
        "It never turns green: a page that is found proves no access to anything.",
        "Fiverr rarely lets a program read its pages. That says nothing about your seller.",
    ),
)
