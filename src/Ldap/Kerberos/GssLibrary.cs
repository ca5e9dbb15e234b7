using System.Runtime.InteropServices;

namespace PasswordSync.Ldap;

/// <summary>
/// The few calls into MIT Kerberos on Linux that the base library has no word for: tickets by keytab, how long they last, and why there are
/// none. RFC 2744; MIT's gssapi_ext.h and gssapi_krb5.h. Every call may ask the KDC and cannot be interrupted.
/// </summary>
internal static unsafe partial class GssLibrary
{
    public const int InitiateOnly = 1;
    public const uint LongestLifetime = uint.MaxValue;
    public const int MajorCode = 1;
    public const int MinorCode = 2;

    private const string Gss = "libgssapi_krb5.so.2";
    private const string Krb5 = "libkrb5.so.3";

    [StructLayout(LayoutKind.Sequential)]
    public struct GssBuffer
    {
        public nint Length;
        public byte* Value;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct ObjectIdentifier
    {
        public uint Length;
        public byte* Elements;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct ObjectIdentifierSet
    {
        public nint Count;
        public ObjectIdentifier* Elements;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct StoreElement
    {
        public byte* Key;
        public byte* Value;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct CredentialStore
    {
        public uint Count;
        public StoreElement* Elements;
    }

    [LibraryImport(Gss, EntryPoint = "gss_import_name")]
    public static partial uint ImportName(out uint minor, GssBuffer* text, ObjectIdentifier* type, out nint name);

    [LibraryImport(Gss, EntryPoint = "gss_release_name")]
    public static partial uint ReleaseName(out uint minor, ref nint name);

    [LibraryImport(Gss, EntryPoint = "gss_acquire_cred_from")]
    public static partial uint AcquireCredential(
        out uint minor, nint name, uint lifetime, ObjectIdentifierSet* mechanisms, int usage, CredentialStore* store, out nint credential, nint* actualMechanisms, nint lifetimeGiven);

    [LibraryImport(Gss, EntryPoint = "gss_inquire_cred")]
    public static partial uint InquireCredential(out uint minor, nint credential, nint name, out uint lifetimeSeconds, nint usage, nint mechanisms);

    [LibraryImport(Gss, EntryPoint = "gss_release_cred")]
    public static partial uint ReleaseCredential(out uint minor, ref nint credential);

    [LibraryImport(Gss, EntryPoint = "gss_init_sec_context")]
    public static partial uint InitiateContext(
        out uint minor, nint credential, ref nint context, nint target, ObjectIdentifier* mechanism, uint flags, uint lifetime, nint channelBindings,
        nint inputToken, nint actualMechanism, GssBuffer* outputToken, nint actualFlags, nint lifetimeGiven);

    [LibraryImport(Gss, EntryPoint = "gss_delete_sec_context")]
    public static partial uint DeleteContext(out uint minor, ref nint context, nint outputToken);

    [LibraryImport(Gss, EntryPoint = "gss_display_status")]
    public static partial uint DisplayStatus(out uint minor, uint status, int kind, ObjectIdentifier* mechanism, ref uint messageContext, GssBuffer* text);

    [LibraryImport(Gss, EntryPoint = "gss_release_buffer")]
    public static partial uint ReleaseBuffer(out uint minor, GssBuffer* buffer);

    /// <summary>Names the default ticket cache of the calling thread, and of no other.</summary>
    [LibraryImport(Gss, EntryPoint = "gss_krb5_ccache_name", StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint SetCacheOfThread(out uint minor, string name, nint formerName);

    [LibraryImport(Krb5, EntryPoint = "krb5_init_context")]
    public static partial int CreateContext(out nint context);

    [LibraryImport(Krb5, EntryPoint = "krb5_free_context")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Krb5, EntryPoint = "krb5_cc_resolve", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ResolveCache(nint context, string name, out nint cache);

    /// <summary>Destroys the tickets and frees the handle.</summary>
    [LibraryImport(Krb5, EntryPoint = "krb5_cc_destroy")]
    public static partial int DestroyCache(nint context, nint cache);
}
