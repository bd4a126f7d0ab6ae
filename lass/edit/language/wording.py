"""The vocabulary of instructions: verbs, degrees, and words that describe sound.

Only data and the plain form of a word. The grammar is in :mod:`lass.edit.language.clauses`;
everything that describes a sound here is a word that :func:`lass.text_to_fx` can be asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from lass.edit.language.lists import phrases, words

__all__ = [
    "ALSO_SOUNDS",
    "CLOSERS",
    "EVERYTHING_NOUNS",
    "HEADS",
    "OPENERS",
    "PARTICLES",
    "PARTICLE_VERBS",
    "QUALITIES",
    "VERBS",
    "compares",
    "describes",
    "known_verbs",
    "plain_verb",
]

REMOVE_WORDS = (
    "remove delete cut drop mute silence kill eliminate erase strip scrub suppress lose ditch "
    "discard omit exclude axe dump bin nix zap banish censor without minus no"
)
UP_WORDS = "boost raise increase amplify lift crank bump up emphasise emphasize louden strengthen"
DOWN_WORDS = "lower reduce decrease quieten quiet attenuate duck dim diminish lessen"
KEEP_WORDS = "isolate keep solo only just retain preserve"
EXTRACT_WORDS = "extract export bounce separate split save grab"
PLACE_WORDS = (
    "move put shift place send position slide nudge pan push set bring take pull throw knock shave"
)
MAKE_WORDS = "make let have get want turn render"

VERBS: dict[str, str] = {
    **dict.fromkeys(REMOVE_WORDS.split(), "remove"),
    **dict.fromkeys(UP_WORDS.split(), "up"),
    **dict.fromkeys(DOWN_WORDS.split(), "down"),
    **dict.fromkeys(KEEP_WORDS.split(), "keep"),
    **dict.fromkeys(EXTRACT_WORDS.split(), "extract"),
    **dict.fromkeys(PLACE_WORDS.split(), "place"),
    **dict.fromkeys(MAKE_WORDS.split(), "make"),
    **dict.fromkeys(words("add apply"), "add"),
    **dict.fromkeys(words("give"), "give"),
    **dict.fromkeys(words("leave"), "leave"),
    **dict.fromkeys(words("fade"), "fade"),
    **dict.fromkeys(words("centre center"), "centre"),
    **dict.fromkeys(words("double halve"), "times"),
    **dict.fromkeys(words("more less"), "more"),
    **dict.fromkeys(words("use"), "add"),
}
"""What a verb, or a word that stands for one, does by itself."""

PARTICLE_VERBS: dict[str, str] = {
    "get rid of": "remove", "do away with": "remove", "take out": "remove", "take away": "remove",
    "cut out": "remove", "filter out": "remove", "edit out": "remove", "strip out": "remove",
    "strip away": "remove", "clean out": "remove", "wipe out": "remove", "leave out": "remove",
    "throw out": "remove", "throw away": "remove", "turn off": "remove", "switch off": "remove",
    "scrub out": "remove", "clear out": "remove", "get out": "remove", "mute out": "remove",
    "shut off": "remove", "drop out": "remove", "block out": "remove", "chop out": "remove",
    "cancel out": "remove", "cancel": "remove", "take off": "remove", "kill off": "remove",
    "trim off": "remove", "chop off": "remove", "cut off": "remove", "clear away": "remove",
    "single out": "keep", "narrow down to": "keep", "strip down to": "keep",
    "nothing but": "keep", "none but": "keep",
    "pull out": "extract", "split off": "extract", "split out": "extract",
    "separate out": "extract", "lift out": "extract", "bounce out": "extract",
    "save out": "extract", "break out": "extract", "spin off": "extract", "tease out": "extract",
    "bring forward": "up", "bring out": "up", "push forward": "up", "pull forward": "up",
    "move forward": "up", "bring forwards": "up", "give a boost": "up", "make louder": "up",
    "push back": "down", "pull back": "down", "bring back": "down", "dial back": "down",
    "move back": "down", "tone down": "down", "knock down": "down", "knock back": "down",
    "back off": "down", "ease off": "down", "ease back": "down", "quiet down": "down",
    "quieten down": "down", "scale back": "down", "set back": "down", "tame": "down",
    **{
        f"{verb} {way}": way
        for verb in words("turn bring push pull take put move mix dial crank pump bump nudge ride "
"set "
"ease lift go tick tweak kick drive")
        for way in ("up", "down")
    },
    "fade up": "fade in", "fade down": "fade out", "fade in": "fade in", "fade out": "fade out",
    "fade away": "fade out",
    **{
        f"{verb}{particle}": f"effect {word}"
        for verbs, word in {
            "warm": "warm", "brighten": "bright", "darken": "dark", "thicken": "thick",
            "sweeten": "sweet", "muffle": "muffled", "distort": "distorted", "widen": "wide",
            "sharpen": "sharp", "fatten": "fat", "tighten": "tight", "deepen": "deep",
            "roughen": "rough", "mellow": "mellow", "liven": "lively", "dull": "dull",
            "smooth": "smooth", "crisp": "crisp", "beef": "beefy", "soften": "soft",
            "dirty": "dirty", "clean": "clean", "dry": "dry", "freshen": "fresh",
            "compress": "compressed", "enrich": "rich", "lighten": "light", "flatten": "flat",
        }.items()
        for verb in (verbs,)
        for particle in ("", " up", " out", " down", " off")
    },
}  # fmt: skip
"""Verbs that need their particle, which may also stand after the sound ("turn the dog up")."""

PARTICLES = frozenset(words("up down out off away back forward forwards in"))

_IRREGULAR = {
    "gone": "remove", "cut": "cut", "brought": "bring", "taken": "take", "kept": "keep",
    "put": "put", "made": "make", "given": "give", "lost": "lose", "split": "split",
    "thrown": "throw", "set": "set", "sent": "send", "getting": "get", "rid": "rid",
}  # fmt: skip

EVERYTHING_NOUNS = frozenset(
    phrases(
        "everything,all,it all,all of it,whole thing,thing,lot,recording,mix,track,"
        "audio,sound,whole recording,whole mix,whole track,whole file,whole clip,"
        "whole song,whole audio,entire recording,entire mix,entire track,entire file,"
        "entire clip,entire song,entire audio,entire thing,full mix,overall sound,"
        "overall mix,file,clip,song,sample,take,audio file,audio clip,sounds,"
        "every sound,all sounds,all of this,all of that,overall,whole lot,master,"
        "audio track,sound file,anything,whole sound,every thing,other sounds"
    )
)

OPENERS = phrases(
    "please,pls,plz,kindly,could you,can you,would you,will you,can we,could we,"
    "can i,could i,may i,might i,i want you to,i'd like you to,i would like you to,"
    "i need you to,you to,i would like to,i'd like to,i'd love to,i would love to,"
    "i want to,i need to,we need to,you need to,we should,you should,you could,"
    "you can,you may,let's,lets,let us,let me,help me,go ahead and,try to,try and,"
    "are you able to,would it be possible to,is it possible to,is there a way to,"
    "is there any way to,would you mind,do you mind,do me a favour and,"
    "do me a favor and,how about,what about,what if you,please just,"
    "i was wondering if you could,i wonder if you could,be so kind as to,"
    "so kind as to,possibly,perhaps,maybe,hey,hi,hello,hey there,ok,okay,right,so,"
    "well,um,uh,now,then,also,next,first,firstly,secondly,finally,lastly,"
    "after that,afterwards,additionally,alright,great,yes,yeah,actually,simply,"
    "basically,it would be nice to,it'd be nice if you could,"
    "it would be nice if you could,it would be great if you could,"
    "it'd be great if you could,feel free to,go and,for me,i'd rather,i guess,"
    "i think,gently,slowly,gradually,smoothly,quickly,carefully,completely,"
    "entirely,totally,instead,i want,i'd like,i would like,i'd love,i need,"
    "i would love,we need,we want,we'd like,there's,there is,there are,hear,"
    "listen to,i want to hear,i'd like to hear,to hear,let me hear,i think that,"
    "i feel like,quick one,have a go at,start by,end by,begin by,be,you,"
    "any chance you could,any chance of,could i have,can i get,could i get,"
    "if you could,if possible,let it be,that,i'm after,i am after,just please,"
    "i'd prefer,i prefer,i'd prefer it if,we have,i have,it needs,needs,"
    "it should have,it could use,could do with,it's,it is,this is,"
    "the result should have,there should be,i'd appreciate,i don't like,"
    "i do not like,i can't stand,do,end with,start with,finish with,begin with,"
    "finish by,could,can,should,try,try making,same for,otherwise,my request is,"
    "all i want is,what i want is,i'd be grateful if you could,i would be grateful if you could,"
    "i'd be happy if you could,i would be happy if you could,i'd be glad if you could"
)
"""What may stand before an instruction and says nothing about it."""

CLOSERS = phrases(
    "please,pls,plz,too,as well,instead,if possible,if you can,if you could,"
    "if you would,also,if you don't mind,when you can,for now,right now,thanks,"
    "thank you,thank you very much,many thanks,thanks a lot,cheers,ta,mate,for me,"
    "again,in the mix,in this mix,within the mix,only,altogether,at once,"
    "immediately,there,here,will you,would you,could you,can you,"
    "if that's possible,thx,in volume,for us,now,then,first,or so,or something,"
    "somehow,ok,okay,afterwards,asap,each,gradually,slowly,smoothly,gently,"
    "all together"
)
"""What may stand after it."""

HEADS: dict[str, str] = {
    "i only want to hear": "keep", "i just want to hear": "keep", "i only want": "keep",
    "i just want": "keep", "only want to hear": "keep", "i'd only like": "keep",
    "only leave": "keep", "only keep": "keep", "just keep": "keep", "just leave": "keep",
    "let only": "keep", "i'd like to hear only": "keep", "give me just": "keep",
    "give me only": "keep", "get me just": "keep", "give me nothing but": "keep",
    "i only need": "keep", "i just need": "keep", "show me only": "keep",
    "i don't want to hear any": "remove", "i don't want to hear": "remove",
    "i don't want": "remove", "i do not want to hear": "remove", "i do not want": "remove",
    "i don't need": "remove", "i can do without": "remove", "don't let me hear": "remove",
    "don't include": "remove", "no more": "remove", "i hate": "remove",
    "make sure there's no": "remove",
    "make sure there is no": "remove", "i want no": "remove", "shouldn't be any": "remove",
    "there should be no": "remove", "too much of": "down", "too much": "down",
    "too many": "down", "not enough of": "up", "not enough": "up", "not so much": "down",
    "not as much": "down", "i can't hear enough": "up", "more of": "more", "less of": "more",
    "fewer": "down", "cut back on": "down", "cut down on": "down", "cut back": "down",
    "cut down": "down", "go easy on": "down", "ease off on": "down", "turn off": "remove",
    "give me": "give me", "give us": "give me", "get me": "give me", "send me": "give me",
    "hand me": "give me", "make a stem of": "extract", "make a separate track of": "extract",
    "make a separate file of": "extract", "create a stem of": "extract",
    "make a track of": "extract", "make a file of": "extract", "split up into": "extract",
}  # fmt: skip
"""Phrases at the head of a clause that do what a verb does."""

_ADJECTIVES = frozenset(
    words(
        "bright brilliant shiny shining sparkling sparkly glittering radiant luminous "
        "vivid sunny airy breathy silky shimmering shimmery crystalline glassy light "
        "delicate feathery fresh crisp crispy clear articulate defined detailed "
        "precise transparent pure present thin tinny cheap small tiny little harsh "
        "shrill piercing squeaky sharp strident grating abrasive painful biting edgy "
        "caustic jagged brash brittle scratchy sibilant hissy raspy metallic brassy "
        "nasal honky robotic boxy hollow woody warm mellow rich lush velvety round "
        "smooth buttery cozy cosy soft gentle tender soothing calm calming relaxing "
        "relaxed peaceful tranquil serene sweet soothed dark deep bassy boomy booming "
        "rumbling thunderous muddy muddled murky wooly woolly thick cloudy dense "
        "congested muffled dull dulled smothered covered veiled blurred underwater "
        "heavy massive huge powerful strong big fat meaty chunky full beefy large bold "
        "solid weighty substantial robust punchy aggressive hard tough energetic "
        "intense dynamic lively exciting cheerful funky groovy sad gloomy haunting "
        "cold icy chilly frozen frosty sterile cool hot fiery pleasant nice natural "
        "beautiful lovely elegant graceful romantic bad ugly nasty annoying scary "
        "creepy spooky eerie haunted ominous sinister distorted fuzzy dirty grainy "
        "gritty crunchy rough raw overdriven lofi lo-fi hifi hi-fi epic grand majestic "
        "dramatic cinematic dry close near intimate direct upfront tight distant far "
        "far-away faraway remote echoing echoey cavernous reverberant reverby roomy "
        "spacious open wide expansive vast ethereal dreamy ambient floating ghostly "
        "celestial atmospheric resonant snappy percussive high high-pitched trebly "
        "flat plain neutral balanced even acoustic old vintage antique classic retro "
        "nostalgic watery wet electric electronic synthetic digital analog analogue "
        "tubby rounded narrow wider-sounding compressed clean saturated gated "
        "telephonic focused focussed roaring sultry mysterious magical bland lifeless "
        "dead alive vibrant glossy polished mono stereo further farther away closer "
        "better loud-sounding piercingly whispery smoky husky gravelly growly screechy "
        "ringy clangy throaty plummy tubular canned telephone-like radio-like dusty "
        "lush sizzly natural-sounding realistic aged worn blown-out processed "
        "unprocessed spiky pillowy bouncy deeper lower-pitched higher-pitched moody "
        "melancholic melancholy energetic quirky chaotic enormous gigantic immersive "
        "enveloping lonely angelic heavenly demonic monstrous evil alien mechanical "
        "tame subtle forceful driving hushed ringing boxed-in stuffy crystal-clear"
    )
)

QUALITIES = frozenset(
    words(
        "harshness warmth brightness highs lows mids treble reverb reverberation "
        "boominess muddiness sibilance low-end high-end presence clarity punch air "
        "airiness depth body midrange sharpness distortion width grit crunch sparkle "
        "shimmer echo echoes darkness ambience ambiance attack saturation richness "
        "fullness weight delay chorus flanger phaser crispness definition compression "
        "bottom bass space brilliance definition character tone boxiness nasality "
        "shrillness edge bite dryness wetness resonance sub smoothness softness dirt "
        "fuzz overdrive vibrato tremolo room boom thump snap sheen gloss life energy "
        "size roominess sizzle equalisation equalization eq drive hall spring plate"
    )
)
"""Nouns that describe a sound and are not a sound of their own (most of them)."""

ALSO_SOUNDS = frozenset(
    words(
        "bass echo echoes sub chorus distortion boom thump snap air crunch fuzz bottom "
        "delay room life energy size edge bite drive hall spring plate attack body "
        "space tone character weight echo"
    )
)
"""Those that may be a sound as well: what they are is told by what follows."""


def describes(word: str, effect_words: Callable[[str], bool] | None = None) -> bool:
    """Whether a word is an adjective that describes a sound, in any of its degrees.

    Args:
        word: in lower case.
        effect_words: knows further words.

    Returns:
        True if it is known.

    Example:
        >>> describes("crunchier"), describes("dog")
        (True, False)
    """
    tries = {word, *_plain_forms(word)}
    if tries & _ADJECTIVES:
        return True
    return effect_words is not None and any(map(effect_words, tries)) and word not in QUALITIES


def compares(word: str) -> bool:
    """Whether a word is the comparative of a known adjective, such as "warmer"."""
    return word in ("closer", "further", "farther", "better") or any(
        form in _ADJECTIVES for form in _plain_forms(word)
    )


def _plain_forms(word: str) -> list[str]:
    """What the word may be a comparative of: brighter, wider, airier, bigger."""
    for ending in ("er", "est"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1:
            forms = [stem, stem + "e"]
            if stem.endswith("i"):
                forms.append(stem[:-1] + "y")
            if stem[-1] == stem[-2]:
                forms.append(stem[:-1])
            return forms
    return [word[:-3]] if word.endswith("ish") else []


_KNOWN_VERBS = frozenset(VERBS) | {said.split()[0] for said in PARTICLE_VERBS}


def plain_verb(word: str) -> str:
    """The verb of an inflected form ("removing", "turned"); the word itself if it is none.

    Example:
        >>> plain_verb("muting"), plain_verb("cutting"), plain_verb("dog")
        ('mute', 'cut', 'dog')
    """
    if word in _KNOWN_VERBS:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending in ("ing", "ed", "s"):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 2:
            continue
        tries = [stem, stem + "e"]
        if stem[-1] == stem[-2]:
            tries.append(stem[:-1])
        if stem.endswith("i"):
            tries.append(stem[:-1] + "y")
        for tried in tries:
            if tried in _KNOWN_VERBS:
                return tried
    return word


def known_verbs() -> list[str]:
    """All verbs, for suggestions."""
    return sorted(_KNOWN_VERBS - {"up", "no", "more", "less", "just", "only"})
