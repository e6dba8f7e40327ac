"""The methods paragraph of a study: a sentence and a citation for each method that its results used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes
    ----------
    sentence : str
        What was done, ready to paste.
    citations : tuple of str
    """

    sentence: str
    citations: tuple[str, ...]


_LDSC = (
    "Bulik-Sullivan B et al. LD Score regression distinguishes confounding from polygenicity in"
    " genome-wide association studies. Nat Genet 47, 291-295 (2015). doi:10.1038/ng.3211"
)
_RG = (
    "Bulik-Sullivan B et al. An atlas of genetic correlations across human diseases and traits."
    " Nat Genet 47, 1236-1241 (2015). doi:10.1038/ng.3406"
)
_MTAG = (
    "Turley P et al. Multi-trait analysis of genome-wide association summary statistics using MTAG."
    " Nat Genet 50, 229-237 (2018). doi:10.1038/s41588-017-0009-4"
)
_SUSIE = (
    "Wang G et al. A simple new approach to variable selection in regression, with application to"
    " genetic fine mapping. J R Stat Soc B 82, 1273-1300 (2020). doi:10.1111/rssb.12388"
)
_SUSIE_RSS = (
    "Zou Y et al. Fine-mapping from summary data with the Sum of Single Effects model."
    " PLoS Genet 18, e1010299 (2022). doi:10.1371/journal.pgen.1010299"
)
_COLOC = (
    "Giambartolomei C et al. Bayesian test for colocalisation between pairs of genetic association"
    " studies using summary statistics. PLoS Genet 10, e1004383 (2014). doi:10.1371/journal.pgen.1004383"
)
_COLOC_SUSIE = (
    "Wallace C. A more accurate method for colocalisation analysis allowing for multiple causal"
    " variants. PLoS Genet 17, e1009440 (2021). doi:10.1371/journal.pgen.1009440"
)
_FASTQTL = (
    "Ongen H et al. Fast and efficient QTL mapper for thousands of molecular phenotypes."
    " Bioinformatics 32, 1479-1485 (2016). doi:10.1093/bioinformatics/btv722"
)
_QVALUE = (
    "Storey JD, Tibshirani R. Statistical significance for genomewide studies."
    " PNAS 100, 9440-9445 (2003). doi:10.1073/pnas.1530509100"
)
_METAL = (
    "Willer CJ, Li Y, Abecasis GR. METAL: fast and efficient meta-analysis of genomewide association"
    " scans. Bioinformatics 26, 2190-2191 (2010). doi:10.1093/bioinformatics/btq340"
)
_DL = (
    "DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 7, 177-188 (1986)."
    " doi:10.1016/0197-2456(86)90046-2"
)
_BH = (
    "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful approach to"
    " multiple testing. J R Stat Soc B 57, 289-300 (1995). doi:10.1111/j.2517-6161.1995.tb02031.x"
)
_GTEX = (
    "GTEx Consortium. The GTEx Consortium atlas of genetic regulatory effects across human tissues."
    " Science 369, 1318-1330 (2020). doi:10.1126/science.aaz1776"
)
_RE2 = (
    "Han B, Eskin E. Random-effects model aimed at discovering associations in meta-analysis of"
    " genome-wide association studies. Am J Hum Genet 88, 586-598 (2011). doi:10.1016/j.ajhg.2011.04.014"
)
_MRMEGA = (
    "M\u00e4gi R et al. Trans-ethnic meta-regression of genome-wide association studies accounting for"
    " ancestry increases power for discovery and improves fine-mapping resolution."
    " Hum Mol Genet 26, 3639-3650 (2017). doi:10.1093/hmg/ddx280"
)
_MAMA = (
    "Turley P et al. Multi-Ancestry Meta-Analysis yields novel genetic discoveries and ancestry-specific"
    " associations. bioRxiv (2021). doi:10.1101/2021.04.23.441003"
)
_POPCORN = (
    "Brown BC et al. Transethnic genetic-correlation estimates from summary statistics."
    " Am J Hum Genet 99, 76-88 (2016). doi:10.1016/j.ajhg.2016.05.001"
)
_SMR = (
    "Zhu Z et al. Integration of summary data from GWAS and eQTL studies predicts complex trait gene"
    " targets. Nat Genet 48, 481-487 (2016). doi:10.1038/ng.3538"
)
_TMM = (
    "Robinson MD, Oshlack A. A scaling normalization method for differential expression analysis of"
    " RNA-seq data. Genome Biol 11, R25 (2010). doi:10.1186/gb-2010-11-3-r25"
)
_PEER = (
    "Stegle O et al. Using probabilistic estimation of expression residuals (PEER) to obtain increased"
    " power and interpretability of gene expression analyses. Nat Protoc 7, 500-507 (2012)."
    " doi:10.1038/nprot.2011.457"
)
_PCA = (
    "Patterson N, Price AL, Reich D. Population structure and eigenanalysis."
    " PLoS Genet 2, e190 (2006). doi:10.1371/journal.pgen.0020190"
)

_AFC = (
    "Mohammadi P et al. Quantifying the regulatory effect size of cis-acting genetic variation using"
    " allelic fold change. Genome Res 27, 1872-1884 (2017). doi:10.1101/gr.216747.116"
)
_EIGENMT = (
    "Davis JR et al. An efficient multiple-testing adjustment for eQTL studies that accounts for linkage"
    " disequilibrium between variants. Am J Hum Genet 98, 216-224 (2016). doi:10.1016/j.ajhg.2015.11.021"
)
_FST = (
    "Bhatia G et al. Estimating and interpreting FST: the impact of rare variants."
    " Genome Res 23, 1514-1521 (2013). doi:10.1101/gr.154831.113"
)
_FST_WC = (
    "Weir BS, Cockerham CC. Estimating F-statistics for the analysis of population structure."
    " Evolution 38, 1358-1370 (1984). doi:10.1111/j.1558-5646.1984.tb05657.x"
)

METHODS: dict[str, Method] = {
    "harmonise": Method(
        "Summary statistics were brought onto one build, strand and effect allele; rows that could not be"
        " were set aside with their reason.",
        (),
    ),
    "pca": Method("Axes of genetic variation are principal components of standardised genotypes.", (_PCA,)),
    "ldsc_h2": Method(
        "Heritability and intercepts were estimated by LD score regression, standard errors by block"
        " jackknife.",
        (_LDSC,),
    ),
    "ldsc_rg": Method("Genetic correlations were estimated by bivariate LD score regression.", (_LDSC, _RG)),
    "mtag": Method("Traits were analysed jointly by MTAG.", (_MTAG,)),
    "mtag_ldsc": Method(
        "For MTAG the covariance of estimation errors came from LD score regression.", (_LDSC,)
    ),
    "mtag_maxfdr": Method(
        "The highest false discovery rate of MTAG's findings (maxFDR) was sought over mixtures of null and"
        " causal variants.",
        (_MTAG,),
    ),
    "meta_fixed": Method("Studies were combined by fixed-effects meta-analysis.", (_METAL,)),
    "meta_random": Method("Random-effects meta-analysis allowed for heterogeneity of effects.", (_DL,)),
    "meta_re2": Method("Han and Eskin's random-effects model was tested (RE2).", (_RE2,)),
    "meta_mrmega": Method(
        "Effects were regressed on axes of genetic variation between studies (MR-MEGA).", (_MRMEGA,)
    ),
    "meta_mama": Method("Ancestries were analysed jointly by MAMA with cross-ancestry LD scores.", (_MAMA,)),
    "meta_popcorn": Method(
        "Genetic correlation between ancestries was estimated from cross scores.", (_POPCORN,)
    ),
    "ld_scores": Method("LD scores were computed from genotypes.", (_LDSC,)),
    "expression": Method("Genes with low counts were left out.", ()),
    "expression_tmm": Method("Samples were scaled by trimmed means of M values (TMM).", (_TMM,)),
    "expression_int": Method("Expression was inverse normal transformed across samples, gene by gene.", ()),
    "peer": Method("Hidden factors of expression were found by PEER.", (_PEER,)),
    "expression_pca": Method("Hidden factors are principal components of expression.", ()),
    "qtl_cis": Method(
        "Variants in cis were tested by linear regression with covariates projected out.", (_FASTQTL,)
    ),
    "qtl_permutation": Method(
        "Gene-level P values came from permutations with a beta approximation.", (_FASTQTL,)
    ),
    "qvalue": Method("Genes' q-values are Storey's.", (_QVALUE,)),
    "qvalue_bh": Method("The false discovery rate over genes is Benjamini and Hochberg's.", (_BH,)),
    "qtl_independent": Method(
        "Independent signals of a gene were found by forward and backward steps, each held against the"
        " gene's threshold.",
        (_GTEX,),
    ),
    "qtl_afc": Method("Effects of independent signals were expressed as allelic fold changes.", (_AFC,)),
    "qtl_interaction": Method("Interactions of genotypes with other variables were tested.", ()),
    "qtl_interaction_emt": Method(
        "How many tests of interaction a phenotype's variants amount to was counted by eigenMT.", (_EIGENMT,)
    ),
    "qtl_interaction_permuted": Method(
        "P values of a phenotype's interactions came from permutations with a beta approximation.",
        (_FASTQTL,),
    ),
    "qtl_group_effects": Method("Effects of lead variants were compared between groups of people.", ()),
    "qtl_trans": Method(
        "All variants were tested against phenotypes elsewhere in the genome by linear regression.", ()
    ),
    "qtl_trans_interaction": Method(
        "Interactions of all variants with a context were tested against phenotypes elsewhere in the genome"
        " by linear regression.",
        (),
    ),
    "qtl_sharing": Method(
        "Sharing of signals was measured by the share of true associations among them (pi1) in the other"
        " tissue.",
        (_QVALUE,),
    ),
    "fst_hudson": Method("Differentiation of groups is Hudson's F_ST, a ratio of sums.", (_FST,)),
    "fst_wc": Method("Differentiation of groups is Weir and Cockerham's F_ST.", (_FST_WC, _FST)),
    "expression_variance": Method(
        "Variance of expression was split between and within groups of people by linear models.", ()
    ),
    "susie": Method(
        "Causal variants were fine-mapped by the sum of single effects model (SuSiE).", (_SUSIE, _SUSIE_RSS)
    ),
    "coloc": Method(
        "Colocalisation was assessed by approximate Bayes factors under one causal variant a trait.",
        (_COLOC,),
    ),
    "coloc_susie": Method(
        "Where several causal variants were found, all pairs of credible sets were assessed.", (_COLOC_SUSIE,)
    ),
    "smr": Method(
        "Effects of expression on traits were estimated by summary-data-based Mendelian randomisation, with"
        " HEIDI as a test of linkage.",
        (_SMR,),
    ),
}


def methods_paragraph(names: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """One paragraph with numbered citations, and the list of them.

    Parameters
    ----------
    names : iterable of str
        Keys of :data:`METHODS`, in the order of the analysis; repeated ones count once.

    Returns
    -------
    (str, tuple of str)

    Examples
    --------
    >>> text, citations = methods_paragraph(["ldsc_h2", "ldsc_rg"])
    >>> text.endswith("bivariate LD score regression [1,2].")
    True
    >>> len(citations)
    2
    """
    citations: list[str] = []
    sentences = []
    for name in dict.fromkeys(names):
        method = METHODS[name]
        for one in method.citations:
            if one not in citations:
                citations.append(one)
        marks = ",".join(str(citations.index(one) + 1) for one in method.citations)
        sentences.append(method.sentence[:-1] + (f" [{marks}]." if marks else "."))
    return " ".join(sentences), tuple(citations)
