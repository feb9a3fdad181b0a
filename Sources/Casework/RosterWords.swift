/// Texts that a generator picks from, as UTF-8 in one buffer.
struct WordList: Sendable {
  private let bytes: [UInt8]
  private let ends: [Int]

  /// Words are separated by single spaces.
  init(words: String) { self.init(words.split(separator: " ").map(String.init)) }

  /// Every character is a word.
  init(characters: String) { self.init(characters.map(String.init)) }

  init(_ words: [String]) {
    precondition(!words.isEmpty, "a list of words is not empty")
    var (bytes, ends): ([UInt8], [Int]) = ([], [])
    for word in words {
      bytes.append(contentsOf: word.utf8)
      ends.append(bytes.count)
    }
    (self.bytes, self.ends) = (bytes, ends)
  }

  var count: Int { ends.count }

  /// Appends one word to a text.
  func append(_ index: Int, to text: inout [UInt8]) {
    text.append(contentsOf: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
  }
}

/// A trade: the word in a name, its code of GB/T 4754-2017, and what hangs on it.
struct Trade: Sendable {
  let word: [UInt8]
  let industry: [UInt8]
  /// Whether food or drug lines grade it.
  let isFood: Bool
  let isDrug: Bool
}

/// The words of generated rosters. Written for this program; any likeness to a real company or person
/// is chance.
enum RosterWords {
  /// Roughly by frequency.
  static let surnames = WordList(
    words: """
      李 杨 王 张 陈 刘 赵 马 周 普 罗 段 何 和 朱 黄 徐 高 郭 董 赵 尹 吴 孙 施 字 木 刀 毕 白 李 \
      杨 胡 林 郑 梁 谢 唐 许 邓 冯 韩 曹 曾 彭 萧 蔡 潘 田 袁 于 余 叶 蒋 杜 苏 魏 程 吕 丁 沈 任 \
      姚 卢 傅 钟 姜 崔 谭 廖 范 汪 陆 金 石 戴 贾 韦 夏 邱 方 侯 邹 熊 孟 秦 龙 万 雷 钱 汤 黎 常 武 \
      贺 赖 龚 文 鲁 茶 阿 左 矣 沙 岩 玉 召 排 早 欧阳 司马 上官
      """)
  static let given = WordList(
    characters: """
      华明国文建军志强永平云海林春光东荣福德兴龙凤英兰芳琼仙秀珍丽萍梅红艳燕玲慧敏静娟霞翠菊莲桂香美\
      伟杰涛波勇斌辉鹏飞超刚毅宏俊峰磊洋浩宇轩泽瑞嘉欣怡雨涵梓晨思远一凡子墨诗语雅婷佳琪家乐晓雪锦绣\
      金银贵生发财顺有余学礼义仁忠孝正清廉和睦安康宁静怀民爱丰登科第开先继祖承宗耀光庭维新启明朝阳旭升
      """)
  /// The characters of shop and company names, the common ones first.
  static let brand = WordList(
    characters: """
      鑫源丰兴顺达盛泰恒瑞宏昌隆福祥和安康荣华美佳嘉诚信德润泽金云滇彩南岭山川江河春秋阳光明亮晨星辰\
      茂林森绿野田园香果花草木竹松柏梅兰菊桂茶叶谷米粮味道品优鲜甜蜜乐欢喜吉庆旺发财富贵宝玉珠翠银铜\
      铭锦绣程途远航帆舟海天宇宙飞翔鹏凤龙麒麟虎马牛羊众合联创新智慧科启迪文雅书墨童心爱家居舍苑轩阁\
      堂坊斋铺栈驿站桥路通畅捷迅速强健力量正大中立本源初元始一二三九百千万亿长久永固坚石磐基业伟雄图
      """)
  static let places = WordList(
    characters: "大小上下新老石龙马羊凤仙云鹤白黑红黄青金银铁水山河坝箐冲坡坪梁子营屯旗哨关桥井塘田甸街寨村岩湾松竹梨桃柿花")
  static let roads = WordList(
    words: """
      人民 建设 团结 振兴 文化 环城东 环城西 环城南 环城北 龙泉 玉龙 兴隆 迎宾 东风 西正 南屏 北辰 \
      朝阳 滨河 滨江 春城 学府 客运站 工业园区 农贸 古城 新城 望江 凤凰 锦绣 普惠 民族 青年 长征
      """)
  static let roadKinds = WordList(words: "路 街 大道 巷 路 街")
  static let enterpriseForms = WordList(
    words: """
      有限公司 有限公司 有限公司 有限责任公司 有限公司 有限责任公司 股份有限公司 个人独资企业 \
      有限公司 合伙企业（普通合伙） 合伙企业（有限合伙）
      """)
  static let cooperativeTrades = WordList(
    words: """
      种植 养殖 种养殖 茶叶种植 核桃种植 中药材种植 蔬菜种植 水果种植 花卉种植 咖啡种植 生猪养殖 \
      肉牛养殖 山羊养殖 蜜蜂养殖 农机服务 烤烟种植 食用菌种植 水产养殖
      """)
  static let markets = WordList(
    words: "农贸市场 商业城 建材城 批发市场 步行街 综合楼 商住小区 物流园 创业园 客运中心")

  /// Word, code of GB/T 4754-2017, F for food, D for drugs.
  static let enterpriseTrades = trades(
    """
    商贸,F5190 建筑工程,E4710 农业开发,A0190 科技,M7519 装饰工程,E5011 物流,G5920 劳务,L7264 \
    文化传播,R9051 信息技术,I6510 旅游开发,N7869 餐饮管理,H6210,F 食品,C1499,F 茶业,C1530,F 医药,F5251,D \
    医疗器械,F5154,D 汽车服务,O8111 机电设备,F5175 房地产开发,K7010 物业服务,K7020 广告,L7251 矿业,B1019 \
    水电,D4413 化工,C2669 建材,C3029 园林绿化,N7840 教育咨询,P8391 企业管理咨询,L7249 酒店管理,H6110 \
    运输,G5430 生物科技,M7340 进出口,F5193 珠宝,F5245 咖啡,C1539,F 花卉,A0143 酒业,C1512,F 乳业,C1440,F \
    环保科技,N7729 新能源,D4416 通信工程,E4851 电子商务,I6431
    """)
  static let shopTrades = trades(
    """
    小吃店,H6242,F 餐馆,H6210,F 米线店,H6210,F 便利店,F5213,F 百货店,F5211 超市,F5212,F 副食店,F5221,F 服装店,F5232 \
    鞋店,F5233 理发店,O8040 美容店,O8040 五金店,F5261 建材经营部,F5289 茶叶店,F5227,F 烟酒店,F5226,F 水果店,F5223,F \
    蔬菜摊,F5223,F 鲜肉店,F5224,F 药店,F5251,D 诊所,Q8425,D 汽修店,O8111 洗车场,O8113 手机店,F5274 家电维修部,O8131 \
    打印店,M7590 客栈,H6130 旅馆,H6120 农家乐,H6190,F 烧烤店,H6242,F 奶茶店,H6233,F 面包房,F5222,F 养殖场,A0319 \
    花店,F5249 眼镜店,F5236 文具店,F5241 洗衣店,O8030 废品收购站,F5191 货运部,G5430 网吧,R9013 农资经营部,F5167
    """)

  private static func trades(_ text: String) -> [Trade] {
    text.split(separator: " ").map { entry in
      let parts = entry.split(separator: ",")
      precondition(parts.count >= 2, "a trade has a word and a code")
      return Trade(
        word: Array(parts[0].utf8), industry: Array(parts[1].utf8),
        isFood: parts.last == "F", isDrug: parts.last == "D")
    }
  }
}
