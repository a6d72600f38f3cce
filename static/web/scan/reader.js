// The reader of codes: a part of others, some 400 kB on its way, so it is fetched when somebody scans for the first time.

const FORMATS = ["Code128", "Code39", "Code93", "DataMatrix", "QRCode"]; // those of boxes in shops are no numbers of ours
let ready = null;

function load(address) {
  return new Promise((loaded, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: address, onload: loaded, onerror: () => failed(new Error(address)) });
    document.head.append(script);
  });
}

async function begin({ script, wasm }) {
  if (!globalThis.ZXingWASM) await load(script);
  await globalThis.ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
  return globalThis.ZXingWASM;
}

/** Answers `read(picture)`, which gives the texts of all codes in a picture. Fails without a network; the next call tries again. */
export async function openReader(addresses) {
  ready ??= begin(addresses);
  try {
    const zxing = await ready;
    return (picture, options = {}) => read(zxing, picture, options);
  } catch (failure) {
    ready = null;
    throw failure;
  }
}

async function read(zxing, picture, options) {
  const found = await zxing.readBarcodesFromImageData(picture, { formats: FORMATS, tryHarder: true, maxNumberOfSymbols: 12, textMode: "Plain", ...options });
  return found.filter((one) => one.isValid && one.text).map((one) => one.text);
}
