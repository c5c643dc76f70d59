export const Units = () => <p class="empty">Units</p>;
