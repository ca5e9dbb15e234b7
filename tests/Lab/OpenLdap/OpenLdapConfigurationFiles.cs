using System.Text;

namespace PasswordSync.Lab;

/// <summary>The texts slapd and slapadd read.</summary>
internal static class OpenLdapConfigurationFiles
{
    /// <summary>slapd.conf: one mdb database with ppolicy. The synchronisation account may set passwords and read all else.</summary>
    public static string Server(OpenLdapOptions options, string folder) => $$"""
        include /etc/ldap/schema/core.schema
        include /etc/ldap/schema/cosine.schema
        include /etc/ldap/schema/inetorgperson.schema
        modulepath /usr/lib/ldap
        moduleload back_mdb
        moduleload ppolicy
        TLSCACertificateFile {{folder}}/ca.pem
        TLSCertificateFile {{folder}}/server.pem
        TLSCertificateKeyFile {{folder}}/server.key
        password-hash {SSHA}
        database mdb
        suffix "{{options.Suffix}}"
        rootdn "cn=admin,{{options.Suffix}}"
        rootpw {{OpenLdapServer.AdministratorPassword}}
        directory {{folder}}/data
        maxsize 1073741824
        index objectClass,uid,mail eq
        {{(options.SynchronousWrites ? "" : "dbnosync")}}
        overlay ppolicy
        ppolicy_default "cn=policy,{{options.Suffix}}"
        ppolicy_hash_cleartext
        ppolicy_use_lockout
        access to attrs=userPassword by dn.exact="cn=sync,{{options.Suffix}}" write by self write by anonymous auth by * none
        {{(options.ShowsPolicy ? "" : $"access to dn.exact=\"cn=policy,{options.Suffix}\" by * none")}}
        access to * by dn.exact="cn=sync,{{options.Suffix}}" write by * read

        """;

    /// <summary>The directory's first contents as LDIF.</summary>
    public static string Contents(OpenLdapOptions options, IEnumerable<LabUser> users)
    {
        var suffix = options.Suffix;
        var label = suffix.Split(',')[0].Split('=')[1];
        var text = new StringBuilder($"""
            dn: {suffix}
            objectClass: dcObject
            objectClass: organization
            o: {label}
            dc: {label}

            dn: cn=sync,{suffix}
            objectClass: person
            cn: sync
            sn: sync
            userPassword: {OpenLdapServer.SynchronisationPassword}

            dn: cn=policy,{suffix}
            objectClass: person
            objectClass: pwdPolicy
            cn: policy
            sn: policy
            pwdAttribute: userPassword
            pwdCheckQuality: 2
            pwdMinLength: {options.MinimumLength}
            pwdInHistory: {options.HistoryLength}
            pwdLockout: {(options.LockoutThreshold > 0 ? "TRUE" : "FALSE")}
            pwdMaxFailure: {options.LockoutThreshold}
            pwdLockoutDuration: 600

            dn: ou=people,{suffix}
            objectClass: organizationalUnit
            ou: people


            """);
        foreach (var user in users) text.Append(User(user, changeType: ""));
        return text.ToString();
    }

    public static string User(LabUser user, string changeType) =>
        $"dn: {user.DistinguishedName}\n{changeType}objectClass: inetOrgPerson\nuid: {user.AccountName}\ncn: {user.AccountName}\nsn: Surname\n"
        + $"mail: {user.Mail}\nuserPassword: {user.InitialPassword}\n\n";
}
