using System.Formats.Asn1;

namespace PasswordSync.Ldap.Wire;

/// <summary>The tags of RFC 4511, appendix B, that this client has a use for.</summary>
internal static class LdapTags
{
    public const int BindRequest = 0;
    public const int BindResponse = 1;
    public const int UnbindRequest = 2;
    public const int SearchRequest = 3;
    public const int SearchResultEntry = 4;
    public const int SearchResultDone = 5;
    public const int ModifyRequest = 6;
    public const int ModifyResponse = 7;
    public const int CompareRequest = 14;
    public const int CompareResponse = 15;
    public const int AbandonRequest = 16;
    public const int SearchResultReference = 19;
    public const int ExtendedRequest = 23;
    public const int ExtendedResponse = 24;
    public const int IntermediateResponse = 25;

    public static Asn1Tag Application(int value) => new(TagClass.Application, value, isConstructed: true);

    public static Asn1Tag ApplicationPrimitive(int value) => new(TagClass.Application, value);

    public static Asn1Tag Context(int value) => new(TagClass.ContextSpecific, value);

    public static Asn1Tag ContextConstructed(int value) => new(TagClass.ContextSpecific, value, isConstructed: true);
}
