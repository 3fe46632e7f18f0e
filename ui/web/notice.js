// What the reader has to put right, as text; announced at once.
element.setAttribute("role", "alert");
const show = () => { element.textContent = props.value || ""; };
watch("value", show);
show();
