namespace PasswordSync.Journal;

/// <summary>How the database answers, for people.</summary>
/// <param name="Kind"><c>SQLite</c> or <c>PostgreSQL</c>.</param>
/// <param name="Version">The version of the server or library.</param>
/// <param name="Clock">The server's clock; null where there is no server.</param>
/// <param name="Took">How long the question took.</param>
public sealed record StoreExamination(string Kind, string Version, DateTimeOffset? Clock, TimeSpan Took);
