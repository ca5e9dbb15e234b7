namespace PasswordSync.Core.Deliveries;

/// <summary>
/// What a target shows of the age of an account's password: its own version or last-change time, in a text that only the provider
/// reads. Two marks of one account are equal exactly if no password was set between them. Never derived from the password. At most 256 characters.
/// </summary>
public sealed record TargetMark(string Value);
