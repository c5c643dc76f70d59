export const Conversation = () => <p class="empty">Conversation</p>;
