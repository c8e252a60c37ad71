import pytest

from nekogao.errors import ConfigError
from nekogao.studies.refusals import check_measure


@pytest.mark.parametrize("name", ["fid", "KID"])
def test_measures_that_need_thousands_of_pictures_are_refused(name):
    with pytest.raises(ConfigError, match="thousands of pictures.* Use skill and identity"):
        check_measure(name)
    check_measure("skill")
