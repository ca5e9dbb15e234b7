using PasswordSync.Core.Deliveries;
using PasswordSync.Ldap;
using PasswordSync.Providers.Probing;

namespace PasswordSync.Providers.Ldap;

/// <summary>
/// What a directory shows of the age of a password, as the mark <c>pwdChangedTime|entryCSN</c>, each empty where the directory has none.
/// <c>pwdChangedTime</c> (draft-behera-ldap-password-policy) has whole seconds; OpenLDAP's <c>entryCSN</c> changes with every change of the entry,
/// also with those that are no password's.
/// </summary>
/// <param name="ChangedTime">When the password was set; null if the directory keeps no such thing.</param>
/// <param name="EntryVersion">The entry's version; null if the directory shows none.</param>
internal sealed record PasswordAge(string? ChangedTime, string? EntryVersion)
{
    private const string ChangedTimeName = "pwdChangedTime";
    private const string EntryVersionName = "entryCSN";

    public static readonly string[] Attributes = [ChangedTimeName, EntryVersionName];

    public static PasswordAge Of(LdapEntry entry) => new(entry.GetString(ChangedTimeName), entry.GetString(EntryVersionName));

    /// <returns>Null if the mark is not of this form.</returns>
    public static PasswordAge? FromMark(TargetMark? mark) =>
        mark?.Value.Split('|') is [var changed, var version] ? new PasswordAge(changed.Length > 0 ? changed : null, version.Length > 0 ? version : null) : null;

    /// <returns>Null if the directory shows neither.</returns>
    public TargetMark? ToMark() => ChangedTime is null && EntryVersion is null ? null : new TargetMark($"{ChangedTime}|{EntryVersion}");

    /// <summary>
    /// An equal entry version proves that nothing was written, different times that a password was. In between, the entry changed for another
    /// reason, or the password was set twice within a second: only a sign-in can tell.
    /// </summary>
    public MarkComparison CompareWith(PasswordAge? journalled)
    {
        if (journalled is null) return MarkComparison.Unknown;
        if (EntryVersion is not null && EntryVersion == journalled.EntryVersion) return MarkComparison.Same;
        return ChangedTime is not null && ChangedTime != journalled.ChangedTime ? MarkComparison.Different : MarkComparison.Unknown;
    }
}
