namespace PasswordSync.Ldap;

/// <summary>What a search found.</summary>
public sealed class LdapSearchResult
{
    internal LdapSearchResult(IReadOnlyList<LdapEntry> entries, int referenceCount, LdapResult result)
    {
        Entries = entries;
        ReferenceCount = referenceCount;
        Result = result;
    }

    /// <summary>The entries in the order in which they came.</summary>
    public IReadOnlyList<LdapEntry> Entries { get; }

    /// <summary>How many references to other servers came; they are not followed.</summary>
    public int ReferenceCount { get; }

    /// <summary>
    /// The server's closing answer: success, or <see cref="LdapResultCode.SizeLimitExceeded"/> if the request set
    /// <see cref="LdapSearchRequest.SizeLimit"/> and there is more.
    /// </summary>
    public LdapResult Result { get; }

    /// <summary>Whether these are all the entries there are.</summary>
    public bool IsComplete => Result.Code == LdapResultCode.Success;
}
