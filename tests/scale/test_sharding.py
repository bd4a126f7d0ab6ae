from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from lass.errors import ConfigError
from lass.scale import Shard

NAMES = [Path(f"sub{number % 7}/{number}.wav") for number in range(2000)]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_every_file_is_in_one_part(count):
    shards = [Shard(number, count) for number in range(1, count + 1)]
    parts = [[name for name in NAMES if name in shard] for shard in shards]
    assert Counter(name for part in parts for name in part) == Counter(NAMES)
    assert min(map(len, parts)) > 0.8 * len(NAMES) / count


def test_the_part_is_known_from_the_name_alone():
    # The rule in other words, so that it can never change without notice.
    name = Path("music/a.wav")
    number = int(sha256(b"music/a.wav").hexdigest()[:16], 16) % 5 + 1
    assert [i for i in range(1, 6) if name in Shard(i, 5)] == [number]


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/0", "a/b", "-1/3", "1/3/5", "1.5/3"])
def test_what_is_no_shard(text):
    with pytest.raises(ConfigError, match="such as 1/8"):
        Shard.parse(text)


def test_reading_a_shard():
    assert Shard.parse(" 2 / 8 ") == Shard(2, 8)
    assert str(Shard(2, 8)) == "2/8"
