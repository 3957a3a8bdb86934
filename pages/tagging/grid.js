// A table of cells that are tinted by a share; hovering or the arrow keys tell more of a cell.
export default function (component) {
  const { data, parentElement } = component
  const table = parentElement.querySelector("table"), now = parentElement.querySelector(".now")
  const make = (name, text, ...kinds) => {
    const part = document.createElement(name)
    part.textContent = text ?? ""
    kinds.filter(Boolean).forEach(kind => part.classList.add(kind))
    return part
  }
  table.setAttribute("aria-label", data.alt)
  const head = document.createElement("thead"), names = document.createElement("tr")
  names.append(make("th", data.corner))
  data.heads.forEach(name => names.append(make("th", name)))
  head.append(names)
  const body = document.createElement("tbody"), cells = []
  data.groups.forEach(group => {
    if (group.title) {
      const row = document.createElement("tr"), title = make("th", group.title, "group")
      title.colSpan = data.heads.length + 1
      row.append(title)
      body.append(row)
    }
    group.rows.forEach(row => {
      const line = document.createElement("tr"), name = make("th", row.name, row.marked && "marked")
      name.scope = "row"
      line.append(name)
      cells.push(row.cells.map(cell => {
        const part = make("td", cell.text, cell.marked && "marked", data.numbers && "number", cell.side)
        part.style.setProperty("--share", cell.share)
        if (cell.small) part.append(make("span", cell.small, "small"))
        part.tabIndex = -1
        part.told = cell.told ?? ""
        line.append(part)
        return part
      }))
      body.append(line)
    })
  })
  table.replaceChildren(head, body)
  if (cells[0]?.[0]) cells[0][0].tabIndex = 0
  now.textContent = ""
  const tell = event => { if (event.target.closest("td")) now.textContent = event.target.closest("td").told }
  table.onmouseover = tell
  table.onfocusin = tell
  table.onkeydown = event => {
    const y = cells.findIndex(row => row.includes(event.target)), x = cells[y]?.indexOf(event.target)
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    const next = step && y >= 0 && cells[y + step[0]]?.[x + step[1]]
    if (!next) return
    event.preventDefault()
    event.target.tabIndex = -1
    next.tabIndex = 0
    next.focus()
  }
}
