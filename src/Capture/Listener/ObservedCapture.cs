using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Listener;

/// <summary>A capture that is in the spool, as its envelope describes it.</summary>
/// <param name="CaptureId">Its id.</param>
/// <param name="CapturedAt">When the hook saw the password, by this DC's clock.</param>
/// <param name="SpooledAt">When the spool had it.</param>
/// <param name="AccountName">The account's name as the hook gave it (sAMAccountName).</param>
/// <param name="RelativeId">The account's RID; 0 where the hook gives none.</param>
public sealed record ObservedCapture(CaptureId CaptureId, DateTimeOffset CapturedAt, DateTimeOffset SpooledAt, string AccountName, uint RelativeId)
{
    /// <summary>What captures of one account have in common before the directory was asked.</summary>
    public AccountKey Account => AccountKey.Of(AccountName, RelativeId);
}

/// <summary>The account of a capture as far as the hook tells: by RID where there is one, else by name, whatever its case.</summary>
public readonly record struct AccountKey
{
    private AccountKey(uint relativeId, string name)
    {
        RelativeId = relativeId;
        Name = name;
    }

    /// <summary>The RID; 0 if the name counts.</summary>
    public uint RelativeId { get; }

    /// <summary>The name in upper case; empty if the RID counts.</summary>
    public string Name { get; }

    public static AccountKey Of(string name, uint relativeId) => relativeId != 0 ? new(relativeId, "") : new(0, name.ToUpperInvariant());
}
