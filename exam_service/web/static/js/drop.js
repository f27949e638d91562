// A file that is dropped anywhere on a page is taken; else the browser would open it in the page's place.
const files = (event) => event.dataTransfer?.types.includes("Files");

/** Hands each file that is dropped on the page to `take`. Text goes on to where it is dropped. */
export function onDrop(take) {
  addEventListener("dragover", (event) => files(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}
