interface Note {
  readonly body: string;
}

const list = document.querySelector('#notes');
const notes = (await (await fetch('/api/notes')).json()) as readonly Note[];
list?.replaceChildren(
  ...notes.map(({ body }) => {
    const item = document.createElement('li');
    item.textContent = body;
    return item;
  }),
);
