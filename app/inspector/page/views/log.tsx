export const Log = () => <p class="empty">Log</p>;
