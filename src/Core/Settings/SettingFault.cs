namespace PasswordSync.Core.Settings;

/// <summary>One thing that is wrong with a configuration: which key, what was found, what to change. Never holds a secret.</summary>
/// <param name="Key">Where: the path of the key in its file, such as <c>points[2].retry.factor</c>; in a provider's settings, the key there.</param>
/// <param name="Found">The value found; empty if there is none, <see cref="NotShown"/> if it may be a secret.</param>
/// <param name="Remedy">What to write instead.</param>
public sealed record SettingFault(string Key, string Found, string Remedy)
{
    /// <summary>Stands in the place of a value that may be a secret.</summary>
    public const string NotShown = "(not shown)";

    public override string ToString() => Found switch
    {
        "" => $"{Key}: {Remedy}",
        NotShown => $"{Key} {NotShown}: {Remedy}",
        _ => $"{Key} is '{Found}': {Remedy}",
    };
}
