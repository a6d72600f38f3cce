"""What the terminal says about trusting our certificate on a phone. In both languages at once: nobody has signed in yet."""

from __future__ import annotations

import io

import segno

from dispatch.config import Settings
from dispatch.host import tls
from dispatch.host.addresses import outer_address

# The application serves the authority's certificate here, to everybody.
CERTIFICATE_ROUTE = "/trust"

STEPS = """\
On the phone, in the same network / 手机连接同一网络：
  open / 打开  {trust}
  (the browser warns once; go on  /  浏览器会提示一次风险，选择继续)
iPhone
  1. Allow the download; Settings > Profile Downloaded > Install.
     允许下载；设置 > 已下载描述文件 > 安装。
  2. Settings > General > About > Certificate Trust Settings: switch "GPS Dispatch" on.
     设置 > 通用 > 关于本机 > 证书信任设置：打开“GPS Dispatch”。
Android
  1. Save the file; Settings > Security > Encryption & credentials > Install a certificate > CA certificate.
     保存文件；设置 > 安全 > 加密与凭据 > 安装证书 > CA 证书。
  2. Choose the file and confirm.
     选择该文件并确认。
Then open / 然后打开  {address}
SHA-256 of the certificate / 证书指纹
  {fingerprint}
"""


def opening_lines(settings: Settings) -> str:
    """QR code of the address, and the steps."""
    address = outer_address(settings)
    picture = io.StringIO()
    segno.make(address, error="m", micro=False).terminal(out=picture, compact=True)
    steps = STEPS.format(trust=address + CERTIFICATE_ROUTE, address=address, fingerprint=tls.fingerprint(settings))
    return f"{picture.getvalue()}\n{steps}"
