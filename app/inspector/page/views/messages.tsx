export const Messages = () => <p class="empty">Messages</p>;
