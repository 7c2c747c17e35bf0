"""Settings of the kind `files`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingestd import urls


def _folder(text: str) -> str:
    try:
        url = urls.source_url(text)
    except ValueError:
        url = ""
    if not url or not urls.is_folder(url):
        raise ValueError(
            "should be a directory, as in /srv/newsroom/in, or a folder on another host, as in sftp://desk@host/in/"
        )
    return url


class FilesSettings(BaseModel):
    """Settings of a consumer of the kind `files`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Annotated[str, AfterValidator(_folder)] = Field(
        description=(
            "Folder to write to: a directory on this host, or ftp://, ftps:// or sftp:// with the user, whose login is "
            "in the setting `logins` of ingestd, as for drop folders. ingestd does not create it."
        )
    )
    format: Literal["ninjs", "nitf", "newsml-g2", "message"] = Field(
        "ninjs",
        description=(
            "Format of the files: ninjs 3.1, NITF 3.6 or NewsML-G2 2.34, with a file for each version of a story and "
            "for its kill; or message, with a file for each event in the consumer's form."
        ),
    )
