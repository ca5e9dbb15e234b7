namespace PasswordSync.Journal.Storing;

/// <summary>A table that says since when something is wrong with whom: its name and its key.</summary>
internal sealed record TroubleTable(string Name, string Key)
{
    /// <summary>Deliveries that have failed and are tried again.</summary>
    public static TroubleTable Failing { get; } = new("failing", "identity_id, point");

    /// <summary>Deliveries that never arrived.</summary>
    public static TroubleTable Missed { get; } = new("missed", "identity_id, point");

    /// <summary>Captures of which it could not be proven which password the source has.</summary>
    public static TroubleTable Unconfirmed { get; } = new("unconfirmed", "identity_id");
}
