// Rows of values as strips of colour, one row a word; hovering or the arrow keys tell a value.
export default function ({ data, parentElement }) {
  const box = parentElement.querySelector(".blocks"), now = parentElement.querySelector(".now")
  const make = (kind, text = "") => {
    const part = document.createElement("div")
    part.className = kind
    part.textContent = text
    return part
  }
  const colour = v => v >= 0 ? `rgba(220,55,45,${Math.min(1, v)})` : `rgba(45,115,220,${Math.min(1, -v)})`
  box.replaceChildren(...data.blocks.map(block => {
    const part = make("block")
    part.append(make("title", block.title))
    block.rows.forEach((row, y) => {
      const line = make("row"), word = make(row.marked ? "word marked" : "word", row.name), values = make("values")
      const count = row.values.length
      const stops = row.values.map((v, k) => `${colour(v)} ${100 * k / count}% ${100 * (k + 1) / count}%`)
      values.style.background = `linear-gradient(90deg, ${stops.join(", ")})`
      values.tabIndex = y ? -1 : 0
      values.setAttribute("role", "img")
      values.setAttribute("aria-label", `${block.title}, ${row.name}: values of ${count} neurons`)
      let at = 0
      const tell = k => {
        at = Math.max(0, Math.min(count - 1, k))
        now.textContent = `${block.title} · after ${row.name}, neuron ${at}: ${row.values[at].toFixed(3)}`
      }
      values.onmousemove = event => tell(Math.floor(count * event.offsetX / values.clientWidth))
      values.onfocus = () => tell(at)
      values.onkeydown = event => {
        const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key], down = { ArrowUp: -1, ArrowDown: 1 }[event.key]
        if (across) tell(at + across)
        if (down) part.querySelectorAll(".values")[y + down]?.focus()
        if (across || down) event.preventDefault()
      }
      line.append(word, values)
      part.append(line)
    })
    return part
  }))
  now.textContent = ""
}
