namespace PasswordSync.Providers.Settings;

/// <summary>What is wrong with a setting.</summary>
/// <param name="Key">The setting's key.</param>
/// <param name="Found">The value found; <c>(none)</c> if it is missing, <c>(not shown)</c> if it may be a secret.</param>
/// <param name="Remedy">What to write instead.</param>
public sealed record SettingFault(string Key, string Found, string Remedy)
{
    public const string Missing = "(none)";
    public const string NotShown = "(not shown)";

    public override string ToString() => $"{Key} = {Found}: {Remedy}";
}
