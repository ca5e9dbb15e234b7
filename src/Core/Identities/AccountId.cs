namespace PasswordSync.Core.Identities;

/// <summary>
/// One user object of a source, by its objectGUID. Never a name or a distinguished name: those change and are given again
/// to other people.
/// </summary>
public readonly record struct AccountId(SourceId Source, Guid ObjectGuid)
{
    public override string ToString() => $"{Source}/{ObjectGuid:D}";
}
