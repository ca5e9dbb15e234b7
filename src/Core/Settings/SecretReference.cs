namespace PasswordSync.Core.Settings;

/// <summary>The form of a reference to a secret in a configuration: <c>file:PATH</c> or <c>env:NAME</c>. Who may follow it, and how, is said where it is followed.</summary>
public static class SecretReference
{
    public const string FilePrefix = "file:";
    public const string EnvironmentPrefix = "env:";

    /// <summary>Whether a text has the form; else it may be the secret itself, and is not to be shown.</summary>
    public static bool HasForm(string text) => FileOf(text) is not null || VariableOf(text) is not null;

    /// <summary>The path that a reference names, as it is written there; null if it names none.</summary>
    public static string? FileOf(string reference) => After(FilePrefix, reference);

    /// <summary>The environment variable that a reference names; null if it names none.</summary>
    public static string? VariableOf(string reference) => After(EnvironmentPrefix, reference);

    private static string? After(string prefix, string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return reference.StartsWith(prefix, StringComparison.Ordinal) ? reference[prefix.Length..] : null;
    }
}
