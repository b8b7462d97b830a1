// Messages to the reader: English sentences are the keys, a dictionary may translate them.

/** @typedef {Record<string, string | number>} Values */
/** @typedef {{text: string, strong: boolean}} Part a piece of a sentence; names are strong */

/** @type {Record<string, string>} */
let dictionary = {};

/** @param {Record<string, string>} messages translations by English sentence */
export function install(messages) {
  dictionary = messages;
}

/**
 * The sentence in the page's language, `{name}` replaced by its value. Without values the
 * placeholders stay, for `parts`.
 * @param {string} sentence @param {Values} [values]
 */
export function t(sentence, values) {
  const text = dictionary[sentence] || sentence;
  return values ? text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all)) : text;
}

/**
 * A translated sentence cut into parts, so that the program's own names can be set strong.
 * @param {string} sentence what `t` gave without values @param {Values} values
 * @returns {Part[]}
 */
export function parts(sentence, values) {
  return sentence
    .split(/(\{\w+\})/)
    .filter((text) => text !== "")
    .map((text) => {
      const value = text.startsWith("{") ? values[text.slice(1, -1)] : undefined;
      return value === undefined
        ? { text, strong: false }
        : { text: String(value), strong: true };
    });
}

/**
 * Sentences that were made elsewhere, in the page's language.
 * @param {{template: string, values: Values}[]} told
 */
export function inOwnWords(told) {
  return told.map(({ template, values }) =>
    Object.keys(values).length > 0 ? t(template, values) : t(template));
}

/** What stands between a sentence and the next: a full-width mark has its space within.
 *  @param {string} sentence */
export const gapAfter = (sentence) => (/[。！？：；]$/u.test(sentence) ? "" : " ");

/** Sentences in a row. @param {string[]} sentences */
export function joined(sentences) {
  return sentences.reduce((all, next) => (all ? all + gapAfter(all) + next : next), "");
}

/** @param {Part[]} sentence */
export function plain(sentence) {
  return sentence.map((part) => part.text).join("");
}
