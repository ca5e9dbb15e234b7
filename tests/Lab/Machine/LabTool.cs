namespace PasswordSync.Lab;

/// <summary>A program the lab runs, and the Debian package that brings it.</summary>
/// <param name="Program">File name, looked for in the system's own folders.</param>
/// <param name="Package">The package to install when it is missing.</param>
public sealed record LabTool(string Program, string Package)
{
    public static readonly LabTool Samba = new("samba", "samba");
    public static readonly LabTool SambaTool = new("samba-tool", "samba");
    public static readonly LabTool SambaUpdateSpn = new("samba_spnupdate", "samba");
    public static readonly LabTool SmbServer = new("smbd", "samba");
    public static readonly LabTool SmbAccounts = new("pdbedit", "samba-common-bin");
    public static readonly LabTool Net = new("net", "samba-common-bin");
    public static readonly LabTool Python = new("python3", "python3-samba");
    public static readonly LabTool SmbPasswd = new("smbpasswd", "samba-common-bin");
    public static readonly LabTool LdbAdd = new("ldbadd", "ldb-tools");
    public static readonly LabTool LdbSearch = new("ldbsearch", "ldb-tools");
    public static readonly LabTool KPasswd = new("kpasswd", "krb5-user");
    public static readonly LabTool LdapSearch = new("ldapsearch", "ldap-utils");
    public static readonly LabTool LdapModify = new("ldapmodify", "ldap-utils");
    public static readonly LabTool Slapd = new("slapd", "slapd");
    public static readonly LabTool SlapAdd = new("slapadd", "slapd");
    public static readonly LabTool LdapPassword = new("ldappasswd", "ldap-utils");
    public static readonly LabTool Gpg = new("gpg", "gnupg");
    public static readonly LabTool GpgConf = new("gpgconf", "gnupg");
    public static readonly LabTool Bash = new("bash", "bash");
    public static readonly LabTool Unshare = new("unshare", "util-linux");
    public static readonly LabTool SetSid = new("setsid", "util-linux");
    public static readonly LabTool SetPrivileges = new("setpriv", "util-linux");
    public static readonly LabTool ChangeOwner = new("chown", "coreutils");
    public static readonly LabTool Etcd = new("etcd", "etcd-server");
    public static readonly LabTool Patroni = new("patroni", "patroni");
    public static readonly LabTool PgBouncer = new("pgbouncer", "pgbouncer");
    public static readonly LabTool Ip = new("ip", "iproute2");
    public static readonly LabTool EnterNamespace = new("nsenter", "util-linux");
    public static readonly LabTool Shell = new("sh", "dash");
    public static readonly LabTool Copy = new("cp", "coreutils");
}
