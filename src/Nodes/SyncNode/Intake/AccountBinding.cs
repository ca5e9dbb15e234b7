using System.Globalization;
using PasswordSync.Core.Identities;
using PasswordSync.Sealing.Envelopes;

namespace PasswordSync.SyncNode.Intake;

/// <summary>What an envelope says of its account, beside what its capture is said to be of.</summary>
internal enum AccountBinding
{
    /// <summary>The same account.</summary>
    Same,

    /// <summary>Another name, and no RID that would tell: the account was renamed since, or it is another one. Only a bind can tell.</summary>
    OtherName,

    /// <summary>Another account.</summary>
    OtherAccount,
}

/// <summary>Derives the account from the envelope: by RID where the hook gave one, which is never given again, else by name.</summary>
internal static class AccountBindings
{
    public static AccountBinding Compare(EnvelopeDescription description, AccountNames names)
    {
        if (description.RelativeId != 0) return RelativeIdOf(names.ObjectSid) == description.RelativeId ? AccountBinding.Same : AccountBinding.OtherAccount;
        return description.AccountName.Equals(names.SamAccountName, StringComparison.OrdinalIgnoreCase) ? AccountBinding.Same : AccountBinding.OtherName;
    }

    /// <summary>As for a log or a refusal.</summary>
    public static string Describe(EnvelopeDescription description) => description.RelativeId == 0
        ? $"'{description.AccountName}'"
        : string.Create(CultureInfo.InvariantCulture, $"'{description.AccountName}' with RID {description.RelativeId}");

    private static uint? RelativeIdOf(string? sid) =>
        sid is not null && uint.TryParse(sid.AsSpan(sid.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var rid) ? rid : null;
}
