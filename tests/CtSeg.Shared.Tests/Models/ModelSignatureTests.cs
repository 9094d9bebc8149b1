using System.Security.Cryptography;
using CtSeg.Models;

namespace CtSeg.Shared.Tests.Models;

public sealed class ModelSignatureTests
{
    private static readonly BinaryData Manifest = BinaryData.FromString("""{"version":"2026.3"}""");
    private static readonly string Weights = new('a', 64);

    [Fact]
    public void Given_ASignedModel_When_ItsKeyIsTrusted_Then_ItPassesAndAnyChangeIsRefused()
    {
        var key = ModelSignatures.NewKey();
        var (signature, trusted) = (ModelSignatures.Sign(key.PrivateKey, Manifest, Weights), TrustedKeys.Read(key.PublicKey));
        trusted.Ids.ShouldBe([key.KeyId]);
        ModelSignatures.Verify(trusted, "2026.3", signature, Manifest, Weights);
        ShouldRefuse(trusted, signature, BinaryData.FromString("""{"version":"2026.4"}"""), Weights, "does not fit");
        ShouldRefuse(trusted, signature, Manifest, new string('b', 64), "does not fit");
        ShouldRefuse(trusted, signature with { Signature = "no base 64" }, Manifest, Weights, "does not fit");
        ShouldRefuse(trusted, signature with { Signature = new string('A', 4000) }, Manifest, Weights, "does not fit");
        ShouldRefuse(trusted, signature with { Algorithm = "none" }, Manifest, Weights, "not trusted");
        ShouldRefuse(trusted, null, Manifest, Weights, "not signed");
    }

    [Fact]
    public void Given_AnotherKey_When_Verified_Then_RefusedAlsoUnderTheTrustedName()
    {
        var (trusted, other) = (ModelSignatures.NewKey(), ModelSignatures.NewKey());
        var signature = ModelSignatures.Sign(other.PrivateKey, Manifest, Weights);
        ShouldRefuse(TrustedKeys.Read(trusted.PublicKey), signature, Manifest, Weights, "not trusted");
        ShouldRefuse(TrustedKeys.Read(trusted.PublicKey), signature with { KeyId = trusted.KeyId }, Manifest, Weights, "does not fit");
        ModelSignatures.Verify(TrustedKeys.Read(trusted.PublicKey + "\n" + other.PublicKey), "2026.3", signature, Manifest, Weights);
    }

    [Fact]
    public void Given_NoTrustedKeys_When_Verified_Then_EveryModelPasses()
    {
        TrustedKeys.Read(null).IsEmpty.ShouldBeTrue();
        TrustedKeys.Read(" ").IsEmpty.ShouldBeTrue();
        ModelSignatures.Verify(TrustedKeys.None, "2026.3", null, Manifest, Weights);
    }

    [Fact]
    public void Given_SomethingSetThatIsNoKey_When_Read_Then_RefusedAndNotTakenForNone()
    {
        Should.Throw<UntrustedModelException>(() => TrustedKeys.Read("/no/such/file"));
        Should.Throw<UntrustedModelException>(() => TrustedKeys.Read("-----BEGIN PUBLIC KEY-----\nMTIz\n-----END PUBLIC KEY-----"));
        Should.Throw<UntrustedModelException>(() => TrustedKeys.Read("-----BEGIN"));
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Should.Throw<UntrustedModelException>(() => TrustedKeys.Read(other.ExportSubjectPublicKeyInfoPem()));
        Should.Throw<UntrustedModelException>(() => ModelSignatures.Sign("none", Manifest, Weights));
        Should.Throw<UntrustedModelException>(() => ModelSignatures.Sign(ModelSignatures.NewKey().PublicKey, Manifest, Weights)).Message.ShouldContain("private");
    }

    [Fact]
    public void Given_ASignature_When_CheckedByHand_Then_ItIsOverTheDocumentedBytes()
    {
        var key = ModelSignatures.NewKey();
        var signature = ModelSignatures.Sign(key.PrivateKey, Manifest, Weights);
        using var independent = ECDsa.Create();
        independent.ImportFromPem(key.PublicKey);
        byte[] signed = [.. "ctseg model 1\n"u8, .. SHA256.HashData(Manifest.ToArray()), .. Enumerable.Repeat((byte)0xaa, 32)];
        independent.VerifyData(signed, Convert.FromBase64String(signature.Signature), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation).ShouldBeTrue();
    }

    private static void ShouldRefuse(TrustedKeys trusted, ModelSignature? signature, BinaryData manifest, string weights, string why) =>
        Should.Throw<UntrustedModelException>(() => ModelSignatures.Verify(trusted, "2026.3", signature, manifest, weights)).Message.ShouldContain(why);
}
