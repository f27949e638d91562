// The print button is shown where it can do something: a picture of the paper is printed from the PDF.
// A name with letters that the paper's fonts have not got has no such picture. The page draws the certificate then.
const button = document.getElementById("print");
const paper = document.querySelector("img.paper");

const offer = () => { button.hidden = false; };
const draw = () => {
  paper.replaceWith(document.getElementById("drawn").content);
  offer();
};

button.addEventListener("click", () => window.print());
if (!paper) offer();
else if (paper.complete && !paper.naturalWidth) draw();
else paper.addEventListener("error", draw);
